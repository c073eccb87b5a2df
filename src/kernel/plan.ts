import { NetError } from "../model/errors.ts";
import type { Change, LinkSpec } from "../model/kernel.ts";
import { addAddress, type Device, delAddress } from "./netlink/address.ts";
import { addBridge } from "./netlink/bridge.ts";
import { delLink, setLink, setPort } from "./netlink/link.ts";
import { addMacvlan } from "./netlink/macvlan.ts";
import type { Request } from "./netlink/message.ts";
import { addRoute, delRoute } from "./netlink/route.ts";
import { addVeth } from "./netlink/veth.ts";

/** What the words of a change stand for in the kernel. */
export interface Meanings {
  /** Name -> index; a name that is missing has no link. */
  indices: ReadonlyMap<string, number>;
  /** Path -> open namespace. */
  namespaces: ReadonlyMap<string, number>;
}

/** The links whose index a change needs. Where the kernel looks a name up itself there is none. */
export function namesIn(change: Change): string[] {
  return namesOf(change).filter((name) => typeof name === "string");
}

function namesOf(change: Change): (string | number | null | undefined)[] {
  switch (change.verb) {
    case "link add":
      return [change.link.master, change.link.kind === "macvlan" ? change.link.parent : undefined];
    case "link set":
      return [change.master, change.name === undefined ? undefined : change.dev];
    case "link del":
      return [];
    default:
      return [change.dev];
  }
}

/** The name that a link has after this change and had not before. */
export function nameMade(change: Change): string | undefined {
  if (change.verb === "link add") return change.link.name;
  return change.verb === "link set" ? change.name : undefined;
}

/** The namespace, other than the one that is changed, in which the change makes a link. */
export function namespaceIn(change: Change): string | undefined {
  if (change.verb !== "link add" || change.link.kind === "bridge") return undefined;
  return change.link.kind === "veth" ? change.link.peer.netns.path : change.link.netns.path;
}

/** The messages of one change. @throws notFound for a link that is not there; taking something from it is then done already */
export function plan(change: Change, meanings: Meanings): Request[] {
  const gone = change.verb.endsWith(" del") && namesIn(change).some((name) => !meanings.indices.has(name));
  return gone ? [] : requests(change, meanings);
}

function requests(change: Change, meanings: Meanings): Request[] {
  switch (change.verb) {
    case "link add":
      return [planLink(change.link, meanings)];
    case "link set":
      return planSet(change, meanings);
    case "link del":
      return [delLink(change.dev)];
    case "addr add":
      return [addAddress(device(change.dev, meanings), change.address, change.prefix)];
    case "addr del":
      return [delAddress(device(change.dev, meanings), change.address, change.prefix)];
    case "route add":
      return [addRoute(change, device(change.dev, meanings))];
    case "route del":
      return [delRoute(change, change.dev === undefined ? undefined : device(change.dev, meanings))];
  }
}

/** `ip link add`; the namespaces and names that it mentions are in `meanings`. */
export function planLink(link: LinkSpec, meanings: Meanings): Request {
  const master = link.master === undefined ? undefined : device(link.master, meanings).index;
  if (link.kind === "bridge") return addBridge(link, master);
  const netns = meanings.namespaces.get(namespaceIn({ verb: "link add", link }) ?? "");
  if (netns === undefined) throw new NetError("internal", `ip link add ${link.name}: its network namespace was not opened`);
  if (link.kind === "veth") return addVeth(link, netns, master);
  return addMacvlan(link, device(link.parent, meanings).index, netns);
}

function planSet(change: Extract<Change, { verb: "link set" }>, meanings: Meanings): Request[] {
  const { dev, master, hairpin, isolated, up, mtu, mac, name } = change;
  const masterIndex = typeof master === "string" ? device(master, meanings).index : master;
  const target = name === undefined ? dev : device(dev, meanings).index;
  const plain = [up, masterIndex, mtu, mac, name].some((value) => value !== undefined);
  const flags = { ...(hairpin === undefined ? {} : { hairpin }), ...(isolated === undefined ? {} : { isolated }) };
  const port = Object.keys(flags).length === 0 ? [] : [setPort(name ?? dev, flags)];
  return [...(plain ? [setLink(target, change, masterIndex)] : []), ...port];
}

function device(dev: string | number, { indices }: Meanings): Device {
  const index = typeof dev === "number" ? dev : indices.get(dev);
  if (index === undefined) throw new NetError("notFound", `no network interface ${dev}`);
  return { index, called: dev };
}
