import { bitsOf, type Cidr, type Family, ipFrom, overlaps } from "../model/address.ts";
import { type DefaultPool, spanOf } from "./default-pools.ts";

/** The first block of the default pools, in their order, that overlaps none of `taken`. All must be of this family. */
export function chooseSubnet(pools: readonly DefaultPool[], taken: readonly Cidr[], family: Family): Cidr | undefined {
  for (const pool of pools) {
    const found = firstGap(pool, taken, family);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Jumps from one taken block behind the next: the work grows with what is taken, not with what the pool could give. */
function firstGap({ base, size }: DefaultPool, taken: readonly Cidr[], family: Family): Cidr | undefined {
  const step = 1n << BigInt(bitsOf(family) - size);
  const { first, last } = spanOf(base);
  const obstacles = taken
    .filter((block) => overlaps(block, base))
    .map(spanOf)
    .sort((a, b) => (a.first < b.first ? -1 : 1));
  let candidate = first;
  for (const obstacle of obstacles) {
    if (obstacle.first > candidate + step - 1n) break;
    if (obstacle.last >= candidate) candidate = alignUp(obstacle.last + 1n, step);
  }
  return candidate + step - 1n <= last ? (`${ipFrom(candidate, family)}/${size}` as Cidr) : undefined;
}

function alignUp(value: bigint, step: bigint): bigint {
  return ((value + step - 1n) / step) * step;
}
