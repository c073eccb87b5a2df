import test from "ava";
import fc from "fast-check";
import { allocatorOf } from "../../../src/ipam/allocator.ts";
import {
  bitsOf,
  type Cidr,
  contains,
  familyOf,
  type Ip,
  ipFrom,
  networkOf,
  parseCidr,
  parseIp,
  prefixOf,
  toBig,
} from "../../../src/model/address.ts";
import { NetError } from "../../../src/model/errors.ts";

/** The obvious allocator: looks at every address of the range in turn. */
function naive(subnet: Cidr, range: Cidr, reserved: Ip[]) {
  const owners = new Map<Ip, string>();
  return {
    owners,
    lowestFree(): Ip | undefined {
      const first = toBig(networkOf(range));
      const last = first + (1n << BigInt(bitsOf(familyOf(range)) - prefixOf(range)));
      for (let value = first; value < last; value++) {
        const ip = ipFrom(value, familyOf(range));
        if (!owners.has(ip) && !reserved.includes(ip)) return ip;
      }
      return undefined;
    },
    refusal(ip: Ip, owner: string): string | undefined {
      if (!contains(subnet, ip)) return "invalid";
      return reserved.includes(ip) || (owners.get(ip) ?? owner) !== owner ? "forbidden" : undefined;
    },
  };
}

const subjects: { subnet: string; range?: string; reserved: string[] }[] = [
  { subnet: "10.0.0.0/27", reserved: ["10.0.0.0", "10.0.0.31"] },
  { subnet: "10.0.0.0/24", range: "10.0.0.128/29", reserved: ["10.0.0.0", "10.0.0.255"] },
  { subnet: "10.0.0.0/28", range: "10.0.0.0/29", reserved: ["10.0.0.0", "10.0.0.15"] },
  { subnet: "10.0.0.4/31", reserved: [] },
  { subnet: "255.255.255.255/32", reserved: [] },
  { subnet: "fd00::/123", reserved: ["fd00::"] },
  { subnet: "fd00::/64", range: "fd00::ff00/124", reserved: ["fd00::"] },
  { subnet: "fd00::2/127", reserved: [] },
];

for (const { subnet: text, range: rangeText, reserved: reservedTexts } of subjects) {
  test(`${text}${rangeText === undefined ? "" : ` with range ${rangeText}`}: it gives what a naive one gives`, (t) => {
    const subnet = parseCidr(text);
    const range = rangeText === undefined ? subnet : parseCidr(rangeText);
    const first = toBig(networkOf(range));
    const owner = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("next" as const), owner, offset: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("this" as const), owner, offset: fc.integer({ min: -3, max: 40 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), owner, offset: fc.integer({ min: 0, max: 40 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const allocator = allocatorOf(subnet, range);
        const model = naive(subnet, range, reservedTexts.map(parseIp));
        for (const { kind, owner: who, offset } of steps) {
          const value = first + BigInt(offset);
          const ip = kind === "next" ? allocator.lowestFree() : ipFrom(BigInt.asUintN(bitsOf(familyOf(subnet)), value), familyOf(subnet));
          if (kind === "next") t.is(ip, model.lowestFree());
          if (ip === undefined) continue;
          if (kind === "release") {
            allocator.release(ip);
            model.owners.delete(ip);
          } else if (refusal(() => allocator.check(ip, who)) === undefined) {
            allocator.take(ip, who);
            t.is(model.refusal(ip, who), undefined);
            model.owners.set(ip, who);
          } else {
            t.is(
              refusal(() => allocator.check(ip, who)),
              model.refusal(ip, who),
            );
          }
          t.is(allocator.inUse, model.owners.size + reservedTexts.length);
          t.deepEqual(
            new Set(allocator.heldBy(who)),
            new Set([...model.owners].filter(([, holder]) => holder === who).map(([held]) => held)),
          );
        }
      }),
    );
  });
}

function refusal(deed: () => void): string | undefined {
  try {
    deed();
    return undefined;
  } catch (error) {
    if (error instanceof NetError) return error.code;
    throw error;
  }
}

test("an IPv6 /64 starts after its anycast address, says how many are left, and takes an address at its end", (t) => {
  const allocator = allocatorOf(parseCidr("2001:db8::/64"));
  t.is(allocator.available, Number.MAX_SAFE_INTEGER);
  t.is(allocator.lowestFree(), parseIp("2001:db8::1"));
  const last = parseIp("2001:db8::ffff:ffff:ffff:ffff");
  allocator.check(last, "a");
  allocator.take(last, "a");
  t.is(allocator.ownerOf(last), "a");
  t.is(allocator.inUse, 2);
});

test("refusals say why", (t) => {
  const allocator = allocatorOf(parseCidr("10.0.0.0/24"));
  const hintOf = (ip: string) => t.throws(() => allocator.check(parseIp(ip), "me"), { instanceOf: NetError }).hint;
  allocator.take(parseIp("10.0.0.9"), "you");
  t.is(hintOf("10.0.0.0"), "10.0.0.0 is the network address of 10.0.0.0/24");
  t.is(hintOf("10.0.0.255"), "10.0.0.255 is the broadcast address of 10.0.0.0/24");
  t.is(hintOf("10.0.0.9"), "10.0.0.9 is held by you");
  t.is(hintOf("10.0.1.9"), "10.0.1.9 is not in 10.0.0.0/24");
});
