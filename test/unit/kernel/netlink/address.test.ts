import test from "ava";
import fc from "fast-check";
import { addAddress, delAddress, getAddresses, parseAddress } from "../../../../src/kernel/netlink/address.ts";
import { readAttributes } from "../../../../src/kernel/netlink/attribute.ts";
import { bitsOf, type Family, familyOf, ipFrom, ipOf, lastOf, parseInterface, parseIp } from "../../../../src/model/address.ts";
import { bodyOf, golden, wordsOf } from "./hex.ts";

const eth0 = { index: 2, called: "eth0" };
const IFA_BROADCAST = 4;
const anyIp = fc
  .constantFrom<Family>(4, 6)
  .chain((family) => fc.bigInt(1n, (1n << BigInt(bitsOf(family))) - 1n).map((n) => ipFrom(n, family)));

test("an IPv4 address with its broadcast, without duplicate detection", (t) => {
  const request = addAddress(eth0, parseIp("172.17.0.2"), 16);
  t.is(request.what, "ip addr add 172.17.0.2/16 dev eth0");
  t.is(
    wordsOf(request),
    golden(`
      30000000 14000506 01000000 00000000  # RTM_NEWADDR, request ack excl create
      02100200 02000000                    # ifaddrmsg: AF_INET, /16, nodad, index 2
      08000200 ac110002                    # IFA_LOCAL
      08000100 ac110002                    # IFA_ADDRESS
      08000400 ac11ffff                    # IFA_BROADCAST
    `),
  );
});

test("an IPv6 address", (t) => {
  t.is(
    wordsOf(addAddress(eth0, parseIp("fd00::2"), 64)),
    golden(`
      40000000 14000506 01000000 00000000
      0a400200 02000000
      14000200 fd000000 00000000 00000000 00000002
      14000100 fd000000 00000000 00000000 00000002
    `),
  );
});

test("an address of lo is of this host only", (t) => {
  t.regex(wordsOf(addAddress({ index: 1, called: 1 }, parseIp("127.0.0.11"), 8)), / 020802fe 01000000 /);
});

test("taking away and asking", (t) => {
  const request = delAddress(eth0, parseIp("172.17.0.2"), 16);
  t.is(request.what, "ip addr del 172.17.0.2/16 dev eth0");
  t.is(wordsOf(request), golden("28000000 15000500 01000000 00000000  02100000 02000000  08000200 ac110002  08000100 ac110002"));
  t.is(wordsOf(getAddresses(eth0)), golden("18000000 16000103 01000000 00000000  00000000 02000000"));
});

test("what is added is what is read", (t) => {
  fc.assert(
    fc.property(anyIp, (ip) => {
      const prefix = familyOf(ip) === 4 ? 24 : 64;
      return parseAddress(bodyOf(addAddress(eth0, ip, prefix))) === ip;
    }),
  );
  t.is(parseAddress({ body: Buffer.alloc(8) }), undefined);
});

test("the broadcast address is the last of the block, and from /31 on there is none", (t) => {
  fc.assert(
    fc.property(fc.ipV4(), fc.nat(32), (text, prefix) => {
      const ip = parseIp(text);
      const broadcast = readAttributes(bodyOf(addAddress(eth0, ip, prefix)).body.subarray(8)).get(IFA_BROADCAST);
      if (prefix >= 31) return broadcast === undefined;
      return broadcast !== undefined && ipOf(broadcast) === lastOf(parseInterface(`${ip}/${prefix}`).block);
    }),
  );
  t.pass();
});
