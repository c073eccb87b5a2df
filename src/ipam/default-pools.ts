import { bitsOf, type Cidr, type Family, familyOf, ipOf, networkOf, parseCidr, prefixOf, toBig } from "../model/address.ts";
import { NetError } from "../model/errors.ts";

/** A block out of which subnets of one size are cut: `--default-address-pool base=172.20.0.0/14,size=16`. */
export interface DefaultPool {
  base: Cidr;
  /** Prefix length of the subnets. */
  size: number;
}

/** The 31 private subnets that dockerd has too, in its order. */
export const DEFAULT_POOLS_4: readonly DefaultPool[] = [
  { base: parseCidr("172.17.0.0/16"), size: 16 },
  { base: parseCidr("172.18.0.0/16"), size: 16 },
  { base: parseCidr("172.19.0.0/16"), size: 16 },
  { base: parseCidr("172.20.0.0/14"), size: 16 },
  { base: parseCidr("172.24.0.0/14"), size: 16 },
  { base: parseCidr("172.28.0.0/14"), size: 16 },
  { base: parseCidr("192.168.0.0/16"), size: 20 },
];

/**
 * A unique local /48 cut in /64s [RFC 4193 3.2].
 * @param globalId 40 bits that stay the same on this machine and differ on others.
 */
export function uniqueLocalPools(globalId: Uint8Array): DefaultPool[] {
  if (globalId.length !== 5) throw new NetError("internal", `a global id has 5 bytes, not ${globalId.length}`);
  const bytes = new Uint8Array(16);
  bytes[0] = 0xfd;
  bytes.set(globalId, 1);
  return [{ base: parseCidr(`${ipOf(bytes)}/48`), size: 64 }];
}

/** @throws invalid when a base is of the other family, or its subnets would be larger than itself. */
export function checkDefaultPools(pools: readonly DefaultPool[], family: Family): void {
  for (const { base, size } of pools) {
    const what = `invalid default address pool base=${base},size=${size}`;
    if (familyOf(base) !== family) throw new NetError("invalid", `${what}: an IPv${family} block is needed`);
    if (!Number.isInteger(size) || size < prefixOf(base) || size > bitsOf(family)) {
      throw new NetError("invalid", `${what}: the size must be from ${prefixOf(base)} to ${bitsOf(family)}`);
    }
  }
}

/** First and last address of a block as numbers. */
export interface Span {
  first: bigint;
  last: bigint;
}

export function spanOf(block: Cidr): Span {
  const first = toBig(networkOf(block));
  return { first, last: first + (1n << BigInt(bitsOf(familyOf(block)) - prefixOf(block))) - 1n };
}
