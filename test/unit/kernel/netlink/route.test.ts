import test from "ava";
import fc from "fast-check";
import { addRoute, delRoute, getRoutes, parseRoute } from "../../../../src/kernel/netlink/route.ts";
import { bitsOf, type Cidr, type Family, ipFrom, parseCidr, parseInterface, parseIp } from "../../../../src/model/address.ts";
import { bodyOf, golden, wordsOf } from "./hex.ts";

const eth0 = { index: 2, called: "eth0" };
const anyBlock = fc
  .constantFrom<Family>(4, 6)
  .chain((family) =>
    fc
      .tuple(fc.bigInt(0n, (1n << BigInt(bitsOf(family))) - 1n), fc.nat(bitsOf(family)))
      .map(([n, prefix]) => parseInterface(`${ipFrom(n, family)}/${prefix}`).block),
  );

test("the default route", (t) => {
  const request = addRoute({ to: parseCidr("0.0.0.0/0"), via: parseIp("172.17.0.1") }, eth0);
  t.is(request.what, "ip route add default via 172.17.0.1 dev eth0");
  t.is(
    wordsOf(request),
    golden(`
      2c000000 18000506 01000000 00000000  # RTM_NEWROUTE, request ack excl create
      02000000 fe040001 00000000           # rtmsg: AF_INET, /0, table main, static, everywhere, unicast
      08000500 ac110001                    # RTA_GATEWAY
      08000400 02000000                    # RTA_OIF
    `),
  );
});

test("a route on the link, and one over a gateway", (t) => {
  t.is(
    wordsOf(addRoute({ to: parseCidr("10.1.0.0/16") }, eth0)),
    golden("2c000000 18000506 01000000 00000000  02100000 fe04fd01 00000000  08000100 0a010000  08000400 02000000"),
  );
  t.is(
    wordsOf(addRoute({ to: parseCidr("fd00::/64"), via: parseIp("fe80::1") }, eth0)),
    golden(`
      4c000000 18000506 01000000 00000000
      0a400000 fe040001 00000000
      14000100 fd000000 00000000 00000000 00000000
      14000500 fe800000 00000000 00000000 00000001
      08000400 02000000
    `),
  );
});

test("a route is taken away whoever made it", (t) => {
  const request = delRoute({ to: parseCidr("10.1.0.0/16") });
  t.is(request.what, "ip route del 10.1.0.0/16");
  t.is(wordsOf(request), golden("24000000 19000500 01000000 00000000  02100000 fe00ff00 00000000  08000100 0a010000"));
});

test("all routes of one family", (t) => {
  t.is(wordsOf(getRoutes(6)), golden("1c000000 1a000103 01000000 00000000  0a000000 00000000 00000000"));
});

test("what is added is what is read", (t) => {
  fc.assert(
    fc.property(anyBlock, (to) => {
      const entry = parseRoute(bodyOf(addRoute({ to }, eth0)));
      return entry?.to === to && entry.main && entry.gateways.length === 0;
    }),
  );
  const via = parseIp("192.0.2.1");
  t.deepEqual(parseRoute(bodyOf(addRoute({ to: "0.0.0.0/0" as Cidr, via }, eth0))), {
    to: "0.0.0.0/0" as Cidr,
    gateways: [via],
    main: true,
  });
});

function parse(text: string) {
  return parseRoute({ body: Buffer.from(golden(text).replaceAll(" ", ""), "hex") });
}

test("the kernel's own routes are left out, those of other tables are not", (t) => {
  t.is(parse("02200000 ff0200fe 00000000  08000100 7f000001"), undefined, "table local");
  t.is(parse("0a800000 fe020001 00020000  14000100 fd000000 00000000 00000000 00000001"), undefined, "a cached clone");
  t.like(parse("02180000 fc030001 00000000  08000100 0a010200  08000f00 e8030000"), { to: parseCidr("10.1.2.0/24"), main: false });
});

test("every next hop of a route counts", (t) => {
  const entry = parse(`
    0a000000 fe030001 00000000
    3c000900                                                                            # RTA_MULTIPATH
      1c000000 02000000 14000500 fe800000 00000000 00000000 00000001                    # rtnexthop over eth0
      1c000000 03000000 14000500 fe800000 00000000 00000000 00000002
  `);
  t.deepEqual(entry?.gateways, [parseIp("fe80::1"), parseIp("fe80::2")]);
});
