import { NetError } from "../../model/errors.ts";

/** The name of an image in full: `alpine` is domain `docker.io`, path `library/alpine`. */
export interface Reference {
  domain: string;
  path: string;
  tag?: string;
  digest?: string;
}

const DEFAULT_DOMAIN = "docker.io";
const OFFICIAL = "library/";
const NAME_MAX = 255;
const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const FULL = new RegExp(`^(${DOMAIN})/(${COMPONENT}(?:/${COMPONENT})*)(?::(\\w[\\w.-]{0,127}))?(?:@(${DIGEST}))?$`);

/**
 * Reads what people type: `alpine`, `me/app:v2`, `localhost:5000/app@sha256:...` ([distribution/reference], whose messages these are).
 * @throws invalid `invalid reference format`
 */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw new NetError("invalid", `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { domain, rest } = splitDomain(text);
  const name = rest.split(/[:@]/, 1)[0] ?? "";
  if (name !== name.toLowerCase()) throw new NetError("invalid", `invalid reference format: repository name (${name}) must be lowercase`);
  const match = FULL.exec(`${domain}/${rest}`);
  if (match === null) throw new NetError("invalid", "invalid reference format", { hint: `${JSON.stringify(text)} is not an image name` });
  const [, , path = "", tag, digest] = match;
  if (domain.length + 1 + path.length > NAME_MAX) {
    throw new NetError("invalid", `repository name must not be more than ${NAME_MAX} characters`);
  }
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** What stands before the first slash is a registry only if it looks like a host: it has a dot, a port, a capital, or is localhost. */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = slash > 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const domain = !isHost || first === "index.docker.io" ? DEFAULT_DOMAIN : first;
  const rest = isHost ? text.slice(slash + 1) : text;
  return { domain, rest: domain === DEFAULT_DOMAIN && !rest.includes("/") ? OFFICIAL + rest : rest };
}

/** `latest` where neither tag nor digest was said. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: "latest" } : reference;
}

/** @throws invalid `invalid tag format` */
export function withTag(reference: Reference, tag: string): Reference {
  if (!TAG.test(tag)) throw new NetError("invalid", "invalid tag format", { hint: `${JSON.stringify(tag)} is not a tag` });
  return { domain: reference.domain, path: reference.path, tag };
}

/** The one text of a reference, by which it is stored: `docker.io/library/alpine:latest`. */
export function canonical(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffixOf(reference)}`;
}

/** What people see: `alpine:latest`. */
export function familiar(reference: Reference): string {
  return `${familiarName(reference)}${suffixOf(reference)}`;
}

/** The repository as people see it: `alpine`, `localhost:5000/app`. */
export function familiarName({ domain, path }: Reference): string {
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}`;
  return path.startsWith(OFFICIAL) && !path.slice(OFFICIAL.length).includes("/") ? path.slice(OFFICIAL.length) : path;
}

function suffixOf({ tag, digest }: Reference): string {
  return `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
