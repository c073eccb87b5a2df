import { type Mac, macBytes } from "../../model/address.ts";
import { hostOrder32, type NetlinkWriter } from "./attribute.ts";
import { NLM_F_CREATE, NLM_F_EXCL, type Request } from "./message.ts";

/** [rtnetlink.h] */
export const RTM_NEWLINK = 16;

/** [if_link.h] */
export const IFLA = {
  address: 1,
  ifname: 3,
  mtu: 4,
  link: 5,
  master: 10,
  operstate: 16,
  linkinfo: 18,
  group: 27,
  netNsFd: 28,
  extMask: 29,
} as const;
export const IFLA_INFO = { kind: 1, data: 2, slaveKind: 4, slaveData: 5 } as const;
const IFF_UP = 1;

/**
 * struct ifinfomsg, 16 bytes in host order: family and padding, type (2 bytes each), index, flags, and which flags are meant (4 each).
 * @param up undefined leaves the link as it is
 */
export function ifinfomsg(index: number, up?: boolean): Uint8Array {
  const flags = hostOrder32(up === true ? IFF_UP : 0);
  const meant = hostOrder32(up === undefined ? 0 : IFF_UP);
  return Buffer.concat([hostOrder32(0), hostOrder32(index), flags, meant]);
}

/** What every kind of link may be born with. */
interface Identity {
  name: string;
  /** Absent: the kernel chooses. */
  index?: number;
  mac?: Mac;
  mtu?: number;
}

export function writeIdentity(w: NetlinkWriter, link: Identity): void {
  w.text(IFLA.ifname, link.name);
  if (link.mac !== undefined) w.bytes(IFLA.address, macBytes(link.mac));
  if (link.mtu !== undefined) w.u32(IFLA.mtu, link.mtu);
}

/**
 * One RTM_NEWLINK: name, MAC, MTU, master and up, then what a kind adds.
 * @param master index of the bridge that it joins
 * @param kind attributes beside the others, and those inside IFLA_INFO_DATA
 */
export function newLink(
  link: Identity & { kind: string; up?: boolean },
  what: string,
  master: number | undefined,
  kind: { beside?(w: NetlinkWriter): void; data?(w: NetlinkWriter): void } = {},
): Request {
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    what,
    body(w) {
      w.header(ifinfomsg(link.index ?? 0, link.up === true ? true : undefined));
      writeIdentity(w, link);
      if (master !== undefined) w.u32(IFLA.master, master);
      kind.beside?.(w);
      w.nest(IFLA.linkinfo, () => {
        w.text(IFLA_INFO.kind, link.kind);
        if (kind.data !== undefined) w.nest(IFLA_INFO.data, () => kind.data?.(w));
      });
    },
  };
}
