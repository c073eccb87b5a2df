import { type Ip, ipOf } from "../model/address.ts";
import { lower, u8 } from "./wire.ts";

/**
 * A name as the zone keys it: lower case, one character for each byte of its UTF-8, dots between labels, no dot at the end. A dot inside a label
 * is written `\.`, so `a\.b` is never taken for `a.b`.
 */
export type NameKey = string & { readonly nameKey: unique symbol };

/** The key of a name as people write it. */
export function nameKey(name: string): NameKey {
  const bytes = Buffer.from(name.endsWith(".") ? name.slice(0, -1) : name, "utf8");
  for (let i = 0; i < bytes.length; i++) bytes[i] = lower(u8(bytes, i));
  return bytes.toString("latin1") as NameKey;
}

/** The key of a name in a message. The name was read before: it is whole and has no pointers. */
export function keyAt(buffer: Uint8Array, at: number): NameKey {
  let key = "";
  for (let length = u8(buffer, at++); length > 0; length = u8(buffer, at++)) {
    if (key !== "") key += ".";
    for (const stop = at + length; at < stop; at++) {
      const byte = lower(u8(buffer, at));
      key += byte === 0x2e ? "\\." : String.fromCharCode(byte);
    }
  }
  return key as NameKey;
}

/** A name in wire format, uncompressed. [RFC 1035 3.1] @returns undefined for what no message can carry. */
export function encodeName(name: string): Uint8Array | undefined {
  const labels = (name.endsWith(".") ? name.slice(0, -1) : name).split(".").map((label) => Buffer.from(label, "utf8"));
  if (labels.some((label) => label.length === 0 || label.length > 63)) return undefined;
  const bytes = Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
  return bytes.length > 255 ? undefined : bytes;
}

/** The address that `4.3.2.1.in-addr.arpa` [RFC 1035 3.5] or 32 nibbles under ip6.arpa [RFC 3596 2.5] ask for. */
export function reverseIp(key: NameKey): Ip | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(key);
  if (v4 !== null) {
    const bytes = v4.slice(1).reverse().map(Number);
    return bytes.every((byte) => byte < 256) ? ipOf(Uint8Array.from(bytes)) : undefined;
  }
  if (!/^([0-9a-f]\.){32}ip6\.arpa$/.test(key)) return undefined;
  const hex = key.slice(0, 64).replaceAll(".", "").split("").reverse().join("");
  return ipOf(Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16)));
}
