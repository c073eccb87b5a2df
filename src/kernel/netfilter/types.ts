import { type Cidr, familyOf, type Ip, ipBytes, lastOf, type Mac, macBytes, networkOf } from "../../model/address.ts";
import { NetError } from "../../model/errors.ts";
import type { NftType, NftValue } from "../../model/nft.ts";
import { hostOrder32 } from "../netlink/attribute.ts";

/** One type of nft(8): the number by which nft lists it ([nftables datatype.h], 6 bits), its size, its byte order and how a value is written. */
interface Datatype {
  id: number;
  bytes: number;
  /** As NFTNL_UDATA_SET_KEYBYTEORDER has it. */
  order: typeof HOST_ORDER | typeof NETWORK_ORDER;
  encode(value: NftValue): Uint8Array | undefined;
}

const HOST_ORDER = 1;
const NETWORK_ORDER = 2;

/** [in.h] */
const PROTOCOLS: Record<string, number> = { icmp: 1, tcp: 6, udp: 17, "ipv6-icmp": 58, sctp: 132 };
/** [netfilter.h NFPROTO_*] */
const FAMILIES: Record<string, number> = { ipv4: 2, ipv6: 10 };

const DATATYPES: Record<NftType, Datatype> = {
  nf_proto: { id: 2, bytes: 1, order: HOST_ORDER, encode: (value) => byte(FAMILIES[value]) },
  ipv4_addr: { id: 7, bytes: 4, order: NETWORK_ORDER, encode: (value) => address(value, 4) },
  ipv6_addr: { id: 8, bytes: 16, order: NETWORK_ORDER, encode: (value) => address(value, 6) },
  ether_addr: {
    id: 9,
    bytes: 6,
    order: NETWORK_ORDER,
    encode: (value) => (typeof value === "string" ? macBytes(value as Mac) : undefined),
  },
  inet_proto: { id: 12, bytes: 1, order: NETWORK_ORDER, encode: (value) => byte(PROTOCOLS[value] ?? value) },
  inet_service: { id: 13, bytes: 2, order: NETWORK_ORDER, encode: port },
  mark: { id: 19, bytes: 4, order: HOST_ORDER, encode: (value) => (typeof value === "number" ? hostOrder32(value) : undefined) },
  ifname: { id: 41, bytes: 16, order: HOST_ORDER, encode: ifname },
};

/** Every field of a concatenation starts at a register, and a register has 4 bytes. */
const REGISTER_BYTES = 4;

export function padded(bytes: number): number {
  return Math.ceil(bytes / REGISTER_BYTES) * REGISTER_BYTES;
}

export function bytesOf(type: NftType): number {
  return DATATYPES[type].bytes;
}

/** Length of a key or of data: one type has its own, a concatenation is padded field by field. */
export function tupleBytes(types: readonly NftType[]): number {
  const [only] = types;
  return types.length === 1 && only !== undefined ? bytesOf(only) : types.reduce((sum, type) => sum + padded(bytesOf(type)), 0);
}

/** The number of a type or of a concatenation, by which nft(8) prints elements; the kernel only keeps it. */
export function typeId(types: readonly NftType[]): number {
  return types.reduce((id, type) => (id << 6) | DATATYPES[type].id, 0);
}

/** 0 for concatenations, whose fields each have their own. */
export function byteOrder(types: readonly NftType[]): number {
  const [only] = types;
  return types.length === 1 && only !== undefined ? DATATYPES[only].order : 0;
}

/** @throws invalid with the value and the type that it is not. */
export function encodeValue(type: NftType, value: NftValue): Uint8Array {
  const bytes = DATATYPES[type].encode(value);
  if (bytes === undefined) throw new NetError("invalid", `${value} is not of the nftables type ${type}`);
  return bytes;
}

/** A key or data as the kernel compares it. `end` is the last of a key with blocks in it. */
export function encodeTuple(types: readonly NftType[], values: readonly NftValue[], end = false): Uint8Array {
  if (types.length !== values.length) {
    throw new NetError("invalid", `${values.join(" . ")} has ${values.length} fields, but ${types.join(" . ")} has ${types.length}`);
  }
  const tuple = new Uint8Array(tupleBytes(types));
  let at = 0;
  for (const [i, type] of types.entries()) {
    const value = values[i] ?? "";
    tuple.set(encodeValue(type, isBlock(type, value) ? (end ? lastOf(value) : networkOf(value)) : value), at);
    at += padded(bytesOf(type));
  }
  return tuple;
}

export function isBlock(type: NftType, value: NftValue): value is Cidr {
  return (type === "ipv4_addr" || type === "ipv6_addr") && typeof value === "string" && value.includes("/");
}

/** The mask of a block, as bytes. */
export function maskOf(block: Cidr): Uint8Array {
  const first = ipBytes(networkOf(block));
  const last = ipBytes(lastOf(block));
  return first.map((part, i) => ~(part ^ (last[i] ?? 0)) & 0xff);
}

function byte(value: NftValue | undefined): Uint8Array | undefined {
  return typeof value === "number" && value >= 0 && value <= 0xff ? Uint8Array.of(value) : undefined;
}

function port(value: NftValue): Uint8Array | undefined {
  return typeof value === "number" && value >= 0 && value <= 0xffff ? Uint8Array.of(value >> 8, value & 0xff) : undefined;
}

function address(value: NftValue, family: 4 | 6): Uint8Array | undefined {
  return typeof value === "string" && familyOf(value as Ip) === family ? ipBytes(value as Ip) : undefined;
}

/** NUL-padded to IFNAMSIZ, so that an exact name is compared and not a prefix. */
function ifname(value: NftValue): Uint8Array | undefined {
  const name = Buffer.from(String(value));
  if (name.length === 0 || name.length > 15) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(name);
  return bytes;
}
