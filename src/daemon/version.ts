import { NetError } from "../model/errors.ts";

/** The newest dialect that is spoken. */
export const API_VERSION = "1.51";
/** The oldest one. */
export const MIN_API_VERSION = "1.40";

const PREFIX = /^\/v(\d+\.\d+)(?=\/|$)/;
const SLASHED = /^\/(images|networks|volumes|plugins|distribution)\/([^?]+?)(\/(?:json|history|get|push|tag|connect|disconnect))?(\?.*)?$/;
/** Fixed paths of the same topics, which are nobody's name. */
const FIXED = new Set(["json", "create", "get", "load", "search", "prune"]);

/** Is the first version newer than the second? */
export function newer(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA === majorB ? minorA > minorB : majorA > majorB;
}

/** The version that a path asks for; a path without one is served as the newest. */
export function versionOf(url: string): string {
  return PREFIX.exec(url)?.[1] ?? API_VERSION;
}

/** What a request with a version out of our range is told; too old is plain text, as dockerd says it. */
export function refusal(version: string): { error: NetError; plain: boolean } | undefined {
  if (newer(version, API_VERSION)) {
    const message = `client version ${version} is too new. Maximum supported API version is ${API_VERSION}`;
    return { error: new NetError("invalid", message), plain: false };
  }
  if (newer(MIN_API_VERSION, version)) {
    const message = `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`;
    return { error: new NetError("invalid", message), plain: true };
  }
  return undefined;
}

/** The path that the router knows: without version, and with the slashes of a name (`docker.io/library/x`) escaped into one segment. */
export function routePath(url: string): string {
  const path = url.replace(PREFIX, "");
  const match = SLASHED.exec(path);
  if (match === null) return path === "" ? "/" : path;
  const [, topic = "", name = "", verb = "", query = ""] = match;
  if (FIXED.has(name) && verb === "") return path;
  return `/${topic}/${name.replace(/^\/+/, "").replaceAll("/", "%2F")}${verb}${query}`;
}
