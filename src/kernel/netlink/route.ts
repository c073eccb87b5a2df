import { type Cidr, type Family, familyOf, type Ip, ipBytes, ipFrom, ipOf, networkOf, prefixOf } from "../../model/address.ts";
import { type Device, familyNumber } from "./address.ts";
import { type NetlinkMessage, read16, read32, readAttributes } from "./attribute.ts";
import { NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, type Request } from "./message.ts";

/** [rtnetlink.h] */
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const RTA = { dst: 1, oif: 4, gateway: 5, multipath: 9, table: 15 } as const;
const RTN_UNSPEC = 0;
const RTN_UNICAST = 1;
const RTPROT_UNSPEC = 0;
const RTPROT_STATIC = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const RT_TABLE_MAIN = 254;
const RT_TABLE_LOCAL = 255;
const RTM_F_CLONED = 0x200;
/** struct rtmsg, and struct rtnexthop. */
const HEADER_BYTES = 12;
const NEXTHOP_BYTES = 8;

/** struct rtmsg: family, lengths of destination and source, TOS, table, protocol, scope, type (1 byte each), flags (4). */
function rtmsg(to: Cidr, protocol: number, scope: number, type: number): Uint8Array {
  return Uint8Array.of(familyNumber(familyOf(to)), prefixOf(to), 0, 0, RT_TABLE_MAIN, protocol, scope, type, 0, 0, 0, 0);
}

interface Target {
  to: Cidr;
  via?: Ip;
}

function describe({ to, via }: Target, device: Device | undefined): string {
  const shown = prefixOf(to) === 0 ? "default" : to;
  return `${shown}${via === undefined ? "" : ` via ${via}`}${device === undefined ? "" : ` dev ${device.called}`}`;
}

/** `ip route add TO [via GATEWAY] dev DEV`; EEXIST when it is there. */
export function addRoute(route: Target, device: Device): Request {
  const { to, via } = route;
  return {
    type: RTM_NEWROUTE,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    what: `ip route add ${describe(route, device)}`,
    body(w) {
      const scope = familyOf(to) === 4 && via === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
      w.header(rtmsg(to, RTPROT_STATIC, scope, RTN_UNICAST));
      if (prefixOf(to) > 0) w.bytes(RTA.dst, ipBytes(networkOf(to)));
      if (via !== undefined) w.bytes(RTA.gateway, ipBytes(via));
      w.u32(RTA.oif, device.index);
    },
  };
}

/** `ip route del TO [via GATEWAY] [dev DEV]`, whoever made it; ESRCH when there is none. */
export function delRoute(route: Target, device?: Device): Request {
  const { to, via } = route;
  return {
    type: RTM_DELROUTE,
    flags: 0,
    what: `ip route del ${describe(route, device)}`,
    body(w) {
      w.header(rtmsg(to, RTPROT_UNSPEC, RT_SCOPE_NOWHERE, RTN_UNSPEC));
      if (prefixOf(to) > 0) w.bytes(RTA.dst, ipBytes(networkOf(to)));
      if (via !== undefined) w.bytes(RTA.gateway, ipBytes(via));
      if (device !== undefined) w.u32(RTA.oif, device.index);
    },
  };
}

/** `ip route show table all`, one family. */
export function getRoutes(family: Family): Request {
  return {
    type: RTM_GETROUTE,
    flags: NLM_F_DUMP,
    what: `ip -${family} route show table all`,
    body: (w) => w.header(Uint8Array.of(familyNumber(family), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
  };
}

export interface RouteEntry {
  to: Cidr;
  /** Of every next hop that has one. */
  gateways: Ip[];
  main: boolean;
}

/** The route that an RTM_NEWROUTE tells of; undefined for what the kernel keeps for itself: the local table, cached clones. */
export function parseRoute({ body }: Pick<NetlinkMessage, "body">): RouteEntry | undefined {
  const attributes = readAttributes(body.subarray(HEADER_BYTES));
  const wideTable = attributes.get(RTA.table);
  const table = wideTable === undefined ? body.readUInt8(4) : read32(wideTable);
  if (table === RT_TABLE_LOCAL || (read32(body, 8) & RTM_F_CLONED) !== 0) return undefined;
  const family: Family = body.readUInt8(0) === familyNumber(4) ? 4 : 6;
  const destination = attributes.get(RTA.dst);
  const network = destination === undefined ? ipFrom(0n, family) : ipOf(destination);
  return { to: `${network}/${body.readUInt8(1)}` as Cidr, gateways: gatewaysOf(attributes), main: table === RT_TABLE_MAIN };
}

function gatewaysOf(attributes: Map<number, Buffer>): Ip[] {
  const hops = [attributes, ...nexthops(attributes.get(RTA.multipath) ?? Buffer.alloc(0))];
  return hops.flatMap((hop) => {
    const gateway = hop.get(RTA.gateway);
    return gateway === undefined ? [] : [ipOf(gateway)];
  });
}

/** struct rtnexthop: length (2 bytes, host order), flags, hops, index, then attributes; one after the other. */
function nexthops(bytes: Buffer): Map<number, Buffer>[] {
  const found: Map<number, Buffer>[] = [];
  for (let at = 0; at + NEXTHOP_BYTES <= bytes.length; ) {
    const length = read16(bytes, at);
    if (length < NEXTHOP_BYTES || at + length > bytes.length) break;
    found.push(readAttributes(bytes.subarray(at + NEXTHOP_BYTES, at + length)));
    at += (length + 3) & ~3;
  }
  return found;
}
