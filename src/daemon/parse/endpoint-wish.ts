import { familyOf, type Ip, parseMac, tryIp } from "../../model/address.ts";
import type { EndpointWish } from "../../model/endpoint.ts";
import { NetError } from "../../model/errors.ts";
import { attempt, joinProblems } from "../errors.ts";
import type { EndpointSettings } from "./schemas.ts";

/** A wish that wishes nothing. */
export function emptyWish(): EndpointWish {
  return { linkLocal: [], aliases: [], links: [], driverOptions: {}, gatewayPriority: 0 };
}

/** One leg's settings. @throws invalid with all problems under `invalid endpoint settings:` */
export function parseEndpointWish(body: EndpointSettings | null | undefined): EndpointWish {
  const problems: string[] = [];
  const ipv4 = address(problems, "IPv4", body?.IPAMConfig?.IPv4Address, 4);
  const ipv6 = address(problems, "IPv6", body?.IPAMConfig?.IPv6Address, 6);
  const linkLocal = (body?.IPAMConfig?.LinkLocalIPs ?? []).flatMap((text) => address(problems, "link-local IP", text) ?? []);
  const mac = body?.MacAddress ? attempt(problems, () => parseMac(body.MacAddress ?? "")) : undefined;
  const links = (body?.Links ?? []).flatMap((text) => attempt(problems, () => parseLink(text)) ?? []);
  if (problems.length > 0) throw joinProblems("invalid endpoint settings:", problems);
  return {
    ...(ipv4 && { ipv4 }),
    ...(ipv6 && { ipv6 }),
    linkLocal,
    ...(mac && { mac }),
    aliases: body?.Aliases ?? [],
    links,
    driverOptions: body?.DriverOpts ?? {},
    gatewayPriority: body?.GwPriority ?? 0,
  };
}

/** `other:alias`, `other`, or `/other:/me/alias` as older clients write it. @throws invalid */
export function parseLink(text: string): { target: string; alias: string } {
  const [target = "", alias = target, more] = text.split(":");
  const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  if (last(target) === "" || last(alias) === "" || more !== undefined) throw new NetError("invalid", `bad format for links: ${text}`);
  return { target: last(target), alias: last(alias) };
}

function address(problems: string[], what: string, text: string | null | undefined, family?: 4 | 6): Ip | undefined {
  if (!text) return undefined;
  const ip = tryIp(text);
  if (ip === undefined || (family !== undefined && familyOf(ip) !== family)) {
    problems.push(`invalid ${what} address: ${text}`);
    return undefined;
  }
  return ip;
}
