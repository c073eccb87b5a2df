import { type Family, familyOf, type Ip, ipBytes, ipOf } from "../../model/address.ts";
import { hostOrder32, type NetlinkMessage, readAttributes } from "./attribute.ts";
import { NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, type Request } from "./message.ts";

/** [rtnetlink.h] */
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
/** [if_addr.h] */
const IFA = { address: 1, local: 2, broadcast: 4 } as const;
const IFA_F_NODAD = 0x02;
/** struct ifaddrmsg */
const HEADER_BYTES = 8;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_HOST = 254;

/** A link by its index, and as the caller called it: that is what an error message says. */
export interface Device {
  index: number;
  called: string | number;
}

/** AF_INET and AF_INET6. */
export function familyNumber(family: Family): number {
  return family === 4 ? 2 : 10;
}

/** struct ifaddrmsg: family, prefix length, flags, scope (1 byte each), index (4, host order). */
function ifaddrmsg(family: number, prefix: number, flags: number, scope: number, index: number): Uint8Array {
  return Buffer.concat([Uint8Array.of(family, prefix, flags, scope), hostOrder32(index)]);
}

/**
 * `ip addr add ADDRESS/PREFIX [broadcast +] dev DEV nodad`; EEXIST when it is there. Without duplicate address detection, because we give
 * the addresses and know that there is one: the address can be used at once.
 */
export function addAddress({ index, called }: Device, address: Ip, prefix: number): Request {
  return {
    type: RTM_NEWADDR,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    what: `ip addr add ${address}/${prefix} dev ${called}`,
    body(w) {
      const bytes = ipBytes(address);
      const family = familyOf(address);
      const scope = family === 4 && bytes[0] === 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
      w.header(ifaddrmsg(familyNumber(family), prefix, IFA_F_NODAD, scope, index));
      w.bytes(IFA.local, bytes);
      w.bytes(IFA.address, bytes);
      if (family === 4 && prefix < 31) w.bytes(IFA.broadcast, broadcastOf(bytes, prefix));
    },
  };
}

/** `ip addr del ADDRESS/PREFIX dev DEV`; EADDRNOTAVAIL when it is not there. */
export function delAddress({ index, called }: Device, address: Ip, prefix: number): Request {
  return {
    type: RTM_DELADDR,
    flags: 0,
    what: `ip addr del ${address}/${prefix} dev ${called}`,
    body(w) {
      w.header(ifaddrmsg(familyNumber(familyOf(address)), prefix, 0, 0, index));
      w.bytes(IFA.local, ipBytes(address));
      w.bytes(IFA.address, ipBytes(address));
    },
  };
}

/** `ip addr show dev DEV`, both families. */
export function getAddresses({ index, called }: Device): Request {
  return {
    type: RTM_GETADDR,
    flags: NLM_F_DUMP,
    what: `ip addr show dev ${called}`,
    body: (w) => w.header(ifaddrmsg(0, 0, 0, 0, index)),
  };
}

/** The address that an RTM_NEWADDR tells of: the local one where the other end has one too. */
export function parseAddress({ body }: Pick<NetlinkMessage, "body">): Ip | undefined {
  const attributes = readAttributes(body.subarray(HEADER_BYTES));
  const bytes = attributes.get(IFA.local) ?? attributes.get(IFA.address);
  return bytes === undefined ? undefined : ipOf(bytes);
}

/** All host bits set: 172.17.255.255 of 172.17.0.1/16. */
function broadcastOf(bytes: Uint8Array, prefix: number): Uint8Array {
  return bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, prefix - 8 * i))));
}
