import test from "ava";
import { Packet } from "dns2";
import { createCache } from "../../../src/dns/cache.ts";
import { newQuery, readQuery } from "../../../src/dns/wire.ts";
import { ask, parse, reply } from "./house.ts";

function house(message = ask("example.com")) {
  const clock = { ms: 0 };
  const cache = createCache(() => clock.ms);
  const query = newQuery();
  readQuery(message, 0, message.length, query);
  return { clock, message, query, cache };
}

test("an answer is kept as long as its least TTL, which counts down", (t) => {
  const { clock, message, query, cache } = house();
  cache.add(message, query, reply(message, { ips: ["198.51.100.7"], ttl: 30 }));
  clock.ms = 10_500;
  const again = Buffer.from(message.toString("latin1").replace("example", "EXAMPLE"), "latin1");
  again.writeUInt16BE(0x4321, 0);
  const found = parse(cache.find(again, query, 512) ?? 0);
  t.is(found.answers[0]?.ttl, 20);
  t.is(found.header.id, 0x4321);
  t.is(found.questions[0]?.name, "EXAMPLE.com");
  clock.ms = 30_000;
  t.is(cache.find(message, query, 512), undefined);
});

test("NXDOMAIN is kept as long as its SOA says, and not without one", (t) => {
  const { clock, message, query, cache } = house();
  cache.add(message, query, reply(message, { rcode: 3 }));
  t.is(cache.find(message, query, 512), undefined);
  const denial = Packet.parse(reply(message, { rcode: 3 }));
  const soa = {
    name: "com",
    type: Packet.TYPE.SOA,
    class: 1,
    ttl: 900,
    primary: "a.com",
    admin: "b.com",
    serial: 1,
    refresh: 1,
    retry: 1,
    expiration: 1,
    minimum: 7,
  };
  denial.authorities.push(soa as Packet["authorities"][number]);
  cache.add(message, query, denial.toBuffer());
  clock.ms = 6_999;
  t.is(parse(cache.find(message, query, 512) ?? 0).header.rcode, 3);
  clock.ms = 7_000;
  t.is(cache.find(message, query, 512), undefined);
});

test("not kept: truncated, TTL 0, SERVFAIL; not given: another type, flags, or more than fits", (t) => {
  const { message, query, cache } = house();
  const cut = reply(message, { ips: ["198.51.100.7"] });
  cut[2] = (cut[2] ?? 0) | 2;
  for (const answer of [cut, reply(message, { ips: ["198.51.100.7"], ttl: 0 }), reply(message, { rcode: 2 })])
    cache.add(message, query, answer);
  t.is(cache.find(message, query, 512), undefined);

  cache.add(message, query, reply(message, { ips: ["198.51.100.7"] }));
  t.truthy(cache.find(message, query, 512));
  t.is(cache.find(message, query, 20), undefined);
  for (const other of [ask("example.com", "AAAA"), ask("example.com", "A", {})]) {
    const asked = newQuery();
    readQuery(other, 0, other.length, asked);
    t.is(cache.find(other, asked, 512), undefined);
  }
});

test("what is broken is not kept", (t) => {
  const { message, query, cache } = house();
  const answer = reply(message, { ips: ["198.51.100.7"] });
  cache.add(message, query, answer.subarray(0, answer.length - 2));
  t.is(cache.find(message, query, 512), undefined);
});

test("the oldest goes first", (t) => {
  const { cache } = house();
  const put = (name: string) => {
    const { message, query } = house(ask(name));
    cache.add(message, query, reply(message, { ips: ["198.51.100.7"] }));
    return () => cache.find(message, query, 512);
  };
  const first = put("first.com");
  const second = put("second.com");
  for (let i = 0; i < 255; i++) put(`n${i}.com`);
  t.is(first(), undefined);
  t.truthy(second());
});
