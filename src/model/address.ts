import { Address4, Address6 } from "ip-address";
import { NetError } from "./errors.ts";

/** An address in its canonical text: `172.17.0.2`, `fd00::1`. Only `parseIp` and `ipFrom` make one. */
export type Ip = string & { readonly ip: unique symbol };
/** A block in its canonical text with no host bits: `172.17.0.0/16`. Only `parseCidr` makes one. */
export type Cidr = string & { readonly cidr: unique symbol };
/** Six lower-case hex bytes: `02:42:ac:11:00:02`. */
export type Mac = string & { readonly mac: unique symbol };
export type Family = 4 | 6;

/** @throws invalid with the value. IPv6 zones (`fe80::1%eth0`) are refused: a zone has a meaning on one host only. */
export function parseIp(text: string): Ip {
  const ip = tryIp(text);
  if (ip === undefined) throw new NetError("invalid", `invalid IP address: ${text}`);
  return ip;
}

export function tryIp(text: string): Ip | undefined {
  if (text.includes("/") || text.includes("%")) return undefined;
  if (/^\d+(\.\d+){3}$/.test(text) && Address4.isValid(text)) return new Address4(text).correctForm() as Ip;
  if (text.includes(":") && Address6.isValid(text)) return new Address6(text).correctForm() as Ip;
  return undefined;
}

/** Block and the address that was written in it: `10.1.2.3/16` is block `10.1.0.0/16`, ip `10.1.2.3`. @throws invalid */
export function parseInterface(text: string): { block: Cidr; ip: Ip; prefix: number } {
  const [address, length, more] = text.split("/");
  const ip = address === undefined ? undefined : tryIp(address);
  const bits = ip === undefined ? 0 : bitsOf(familyOf(ip));
  if (ip === undefined || length === undefined || more !== undefined || !/^\d{1,3}$/.test(length) || Number(length) > bits) {
    throw new NetError("invalid", `invalid CIDR address: ${text}`);
  }
  const prefix = Number(length);
  const base = toBig(ip) & ~hostMask(familyOf(ip), prefix);
  return { block: `${ipFrom(base, familyOf(ip))}/${prefix}` as Cidr, ip, prefix };
}

/** @throws invalid when host bits are set: `invalid subnet 10.1.2.3/16: it should be 10.1.0.0/16`. */
export function parseCidr(text: string, what = "subnet"): Cidr {
  const { block, ip } = parseInterface(text);
  if (ip !== networkOf(block)) throw new NetError("invalid", `invalid ${what} ${text}: it should be ${block}`);
  return block;
}

export function parseMac(text: string): Mac {
  if (!/^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/.test(text)) {
    throw new NetError("invalid", `invalid MAC address: ${text}`, { hint: "write six bytes in hex, such as 02:42:ac:11:00:02" });
  }
  const mac = text.toLowerCase().replaceAll("-", ":") as Mac;
  if (Number.parseInt(mac.slice(0, 2), 16) & 1) {
    throw new NetError("invalid", `invalid MAC address: ${text} is a multicast address`, {
      hint: "the lowest bit of the first byte must be 0",
    });
  }
  return mac;
}

export function familyOf(text: Ip | Cidr): Family {
  return text.includes(":") ? 6 : 4;
}

/** 32 or 128. */
export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

export function prefixOf(block: Cidr): number {
  return Number(block.slice(block.indexOf("/") + 1));
}

/** The first address of a block: `172.17.0.0`. */
export function networkOf(block: Cidr): Ip {
  return block.slice(0, block.indexOf("/")) as Ip;
}

/** The last address of a block: `172.17.255.255`. */
export function lastOf(block: Cidr): Ip {
  return ipFrom(toBig(networkOf(block)) | hostMask(familyOf(block), prefixOf(block)), familyOf(block));
}

export function contains(block: Cidr, inner: Ip | Cidr): boolean {
  if (familyOf(block) !== familyOf(inner)) return false;
  const isBlock = inner.includes("/");
  if (isBlock && prefixOf(inner as Cidr) < prefixOf(block)) return false;
  const address = isBlock ? networkOf(inner as Cidr) : (inner as Ip);
  return (toBig(address) & ~hostMask(familyOf(block), prefixOf(block))) === toBig(networkOf(block));
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a);
}

/** Bytes in network order, 4 or 16 of them. */
export function ipBytes(ip: Ip): Uint8Array {
  const bytes = new Uint8Array(familyOf(ip) === 4 ? 4 : 16);
  let rest = toBig(ip);
  for (let i = bytes.length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}

export function ipOf(bytes: Uint8Array): Ip {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return ipFrom(value, bytes.length === 4 ? 4 : 6);
}

export function macBytes(mac: Mac): Uint8Array {
  return Uint8Array.from(mac.split(":"), (byte) => Number.parseInt(byte, 16));
}

export function toBig(ip: Ip): bigint {
  if (familyOf(ip) === 6) return new Address6(ip).bigInt();
  const [a = 0, b = 0, c = 0, d = 0] = ip.split(".").map(Number);
  return BigInt(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
}

export function ipFrom(value: bigint, family: Family): Ip {
  if (family === 6) return Address6.fromBigInt(value).correctForm() as Ip;
  const n = Number(value);
  return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}` as Ip;
}

function hostMask(family: Family, prefix: number): bigint {
  return (1n << BigInt(bitsOf(family) - prefix)) - 1n;
}
