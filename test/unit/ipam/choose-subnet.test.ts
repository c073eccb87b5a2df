import test from "ava";
import fc from "fast-check";
import { chooseSubnet } from "../../../src/ipam/choose-subnet.ts";
import { DEFAULT_POOLS_4, spanOf, uniqueLocalPools } from "../../../src/ipam/default-pools.ts";
import { type Cidr, ipFrom, overlaps, parseCidr } from "../../../src/model/address.ts";

function subnets(count: number): Cidr[] {
  const taken: Cidr[] = [];
  for (let i = 0; i < count; i++) {
    const next = chooseSubnet(DEFAULT_POOLS_4, taken, 4);
    if (next !== undefined) taken.push(next);
  }
  return taken;
}

test("the defaults give 31 subnets, in dockerd's order, and no more", (t) => {
  const all = subnets(40);
  t.is(all.length, 31);
  const expected = ["172.17.0.0/16", "172.18.0.0/16", "172.19.0.0/16", "172.20.0.0/16", "172.21.0.0/16"].map((text) => parseCidr(text));
  t.deepEqual(all.slice(0, 5), expected);
  t.is(all[14], parseCidr("172.31.0.0/16"));
  t.is(all[15], parseCidr("192.168.0.0/20"));
  t.is(all[30], parseCidr("192.168.240.0/20"));
});

test("blocks larger and smaller than a subnet stand in its way", (t) => {
  t.is(chooseSubnet(DEFAULT_POOLS_4, [parseCidr("172.16.0.0/12")], 4), parseCidr("192.168.0.0/20"));
  t.is(chooseSubnet(DEFAULT_POOLS_4, [parseCidr("172.17.5.5/32")], 4), parseCidr("172.18.0.0/16"));
  t.is(chooseSubnet(DEFAULT_POOLS_4, [parseCidr("0.0.0.0/0")], 4), undefined);
});

test("the unique local /48 is cut in /64s", (t) => {
  const pools = uniqueLocalPools(Uint8Array.from([1, 2, 3, 4, 5]));
  t.is(chooseSubnet(pools, [], 6), parseCidr("fd01:203:405::/64"));
  t.is(chooseSubnet(pools, [parseCidr("fd01:203:405::/64"), parseCidr("fd01:203:405:1::/64")], 6), parseCidr("fd01:203:405:2::/64"));
});

test("it finds what trying every block finds", (t) => {
  const pools = [
    { base: parseCidr("10.0.0.0/24"), size: 28 },
    { base: parseCidr("10.1.0.0/26"), size: 27 },
  ];
  const block = fc.record({ at: fc.nat(511), prefix: fc.integer({ min: 23, max: 32 }) }).map(({ at, prefix }) => {
    const value = (10n << 24n) | (at >= 256 ? 1n << 16n : 0n) | BigInt(at % 256);
    const mask = (1n << BigInt(32 - prefix)) - 1n;
    return `${ipFrom(value & ~mask, 4)}/${prefix}` as Cidr;
  });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (taken) => {
      t.is(chooseSubnet(pools, taken, 4), tryEvery(pools, taken));
    }),
  );
});

function tryEvery(pools: { base: Cidr; size: number }[], taken: Cidr[]): Cidr | undefined {
  for (const { base, size } of pools) {
    const { first, last } = spanOf(base);
    for (let at = first; at < last; at += 1n << BigInt(32 - size)) {
      const block = `${ipFrom(at, 4)}/${size}` as Cidr;
      if (!taken.some((other) => overlaps(other, block))) return block;
    }
  }
  return undefined;
}
