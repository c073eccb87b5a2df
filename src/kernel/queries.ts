import type { Cidr, Ip } from "../model/address.ts";
import { prefixOf } from "../model/address.ts";
import { NetError } from "../model/errors.ts";
import type { Link, Netns } from "../model/kernel.ts";
import type { Namespaces } from "./namespaces.ts";
import { getAddresses, parseAddress } from "./netlink/address.ts";
import type { NetlinkMessage } from "./netlink/attribute.ts";
import { getLink, getLinks, parseLink } from "./netlink/link.ts";
import type { Request } from "./netlink/message.ts";
import { getRoutes, parseRoute, type RouteEntry } from "./netlink/route.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";
import { refused } from "./refusal.ts";

/** `ip link show dev NAME` */
export async function link(spaces: Namespaces, where: Netns, name: string): Promise<Link | undefined> {
  const request = getLink(name);
  const [answer] = await spaces.with(where, ({ route }) => route.ask([request]));
  const refusal = answer?.refusal;
  if (refusal !== undefined && refusal.name !== "ENODEV") throw refused(request.what, refusal);
  const message = answer?.messages[0];
  return message === undefined ? undefined : parseLink(message);
}

/** `ip link show` */
export async function links(spaces: Namespaces, where: Netns): Promise<Link[]> {
  return (await spaces.with(where, ({ route }) => dump(route, getLinks()))).map(parseLink);
}

/** `ip addr show dev NAME` @throws notFound */
export async function addresses(spaces: Namespaces, where: Netns, name: string): Promise<Ip[]> {
  const device = await link(spaces, where, name);
  if (device === undefined) throw new NetError("notFound", `no network interface ${name}`);
  const messages = await spaces.with(where, ({ route }) => dump(route, getAddresses({ index: device.index, called: name })));
  return messages.map(parseAddress).filter((ip) => ip !== undefined);
}

/** The destinations in `ip route show table all`, both families, without the default routes and the kernel's own table. */
export async function routes(spaces: Namespaces, where: Netns): Promise<Cidr[]> {
  const destinations = (await allRoutes(spaces, where)).map(({ to }) => to).filter((to) => prefixOf(to) > 0);
  return [...new Set(destinations)];
}

/** The gateways in `ip route show default`, both families. */
export async function defaultRoutes(spaces: Namespaces, where: Netns): Promise<Ip[]> {
  const defaults = (await allRoutes(spaces, where)).filter(({ to, main }) => main && prefixOf(to) === 0);
  return [...new Set(defaults.flatMap(({ gateways }) => gateways))];
}

async function allRoutes(spaces: Namespaces, where: Netns): Promise<RouteEntry[]> {
  const messages = await spaces.with(where, async ({ route }) => [
    ...(await dump(route, getRoutes(4))),
    ...(await dump(route, getRoutes(6))),
  ]);
  return messages.map(parseRoute).filter((entry) => entry !== undefined);
}

async function dump(route: NetlinkSocket, request: Request): Promise<NetlinkMessage[]> {
  const { refusal, messages } = await route.dump(request);
  if (refusal !== undefined) throw refused(request.what, refusal);
  return messages;
}
