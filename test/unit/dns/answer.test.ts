import test from "ava";
import { Packet } from "dns2";
import { createAnswerer, FORWARD } from "../../../src/dns/answer.ts";
import { TTL_S } from "../../../src/dns/reply.ts";
import { sightOf } from "../../../src/dns/view.ts";
import { newQuery, RCODE } from "../../../src/dns/wire.ts";
import { addresses, answerOf, ask, parse, record, view, zoneOf } from "./house.ts";

const many = Array.from({ length: 60 }, (_, i) => record(`m${i}`, "front", [`m${i}`, "many"], `10.0.1.${i + 1}`));
const zone = zoneOf(record("web", "front", ["web", "www"], "10.0.0.2", "fd00::2"), record("four", "front", ["four"], "10.0.0.4"), ...many);
const box = view(["front"]);

test("an A answer: id, spelling, RA, TTL, not authoritative", (t) => {
  const answer = parse(answerOf(zone, box, ask("WeB.Front")));
  t.like(answer.header, { id: 0x1234, qr: 1, rd: 1, ra: 1, aa: 0, tc: 0, rcode: 0 });
  t.is(answer.questions[0]?.name, "WeB.Front");
  t.like(answer.answers[0], { name: "WeB.Front", ttl: TTL_S, address: "10.0.0.2" });
  t.is(answer.answers.length, 1);
});

test("an AAAA answer, and a PTR of either family", (t) => {
  t.deepEqual(addresses(parse(answerOf(zone, box, ask("www", "AAAA")))), ["fd00::2"]);
  t.like(parse(answerOf(zone, box, ask("2.0.0.10.in-addr.arpa", "PTR"))).answers[0], { domain: "web.front" });
  t.like(parse(answerOf(zone, box, ask(`2.${"0.".repeat(27)}0.0.d.f.ip6.arpa`, "PTR"))).answers[0], { domain: "web.front" });
});

for (const type of ["AAAA", "MX", "TXT", "SRV"] as const) {
  test(`a known name has no ${type}: no error, an SOA, and nobody else is asked`, (t) => {
    const answer = parse(answerOf(zone, box, ask("four", type)));
    t.is(answer.header.rcode, RCODE.noError);
    t.is(answer.answers.length, 0);
    t.is(answer.authorities[0]?.type, Packet.TYPE.SOA);
  });
}

test("ANY gives the addresses of both families", (t) => {
  t.is(parse(answerOf(zone, box, ask("web", "ANY"))).answers.length, 2);
});

test("what is not known is somebody else's", (t) => {
  for (const name of ["db", "example.com", "web.back", "7.7.7.10.in-addr.arpa", "."]) t.is(answerOf(zone, box, ask(name)), FORWARD, name);
  const chaos = ask("web");
  chaos.writeUInt16BE(3, chaos.length - 2);
  t.is(answerOf(zone, box, chaos), FORWARD);
});

test("a label with a dot in it is not two labels", (t) => {
  const message = ask("web-front");
  message[16] = 0x2e;
  t.is(answerOf(zone, box, message), FORWARD);
});

test("with ndots set, a single label that is not known has no addresses; other types are forwarded", (t) => {
  const set = view(["front"], { ndotsSet: true });
  t.like(parse(answerOf(zone, set, ask("db"))).header, { rcode: RCODE.noError, ancount: 0 });
  t.is(answerOf(zone, set, ask("db", "MX")), FORWARD);
  t.is(answerOf(zone, set, ask("db.example")), FORWARD);
});

test("60 addresses over plain UDP: TC and whole records; with EDNS or TCP: all", (t) => {
  const plain = answerOf(zone, box, ask("many"));
  t.like(parse(plain).header, { tc: 1, ancount: 30 });
  t.true(Buffer.isBuffer(plain) && plain.length <= 512);
  t.like(parse(answerOf(zone, box, ask("many", "A", { udpPayloadSize: 1232 }))).header, { tc: 0, ancount: 60 });
  t.like(parse(answerOf(zone, box, ask("many"), "tcp")).header, { tc: 0, ancount: 60 });
});

test("an OPT is answered with an OPT, and only then", (t) => {
  const answer = parse(answerOf(zone, box, ask("web", "A", { udpPayloadSize: 512, doFlag: true })));
  t.like(answer.additionals[0], { type: Packet.TYPE.EDNS, class: 4096, doFlag: true });
  t.is(parse(answerOf(zone, box, ask("web"))).additionals.length, 0);
});

test("the order goes round, and a change is seen by the next query", (t) => {
  const changing = zoneOf(
    record("1", "n", ["all"], "10.0.0.1"),
    record("2", "n", ["all"], "10.0.0.2"),
    record("3", "n", ["all"], "10.0.0.3"),
  );
  const answerer = createAnswerer(changing, sightOf(view(["n"])));
  const next = () => {
    const out = Buffer.alloc(512);
    const message = ask("all");
    return addresses(parse(out.subarray(0, answerer.answer(message, 0, message.length, newQuery(), out, 0, 512, "udp"))));
  };
  t.deepEqual([next()[0], next()[0], next()[0], next()[0]], ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"]);
  t.deepEqual(next(), ["10.0.0.2", "10.0.0.3", "10.0.0.1"]);
  changing.change([record("1", "n", ["all"], "10.0.0.9")], ["2"]);
  t.deepEqual(next(), ["10.0.0.3", "10.0.0.9"]);
  changing.change([], ["1", "3"]);
  const message = ask("all");
  t.is(answerer.answer(message, 0, message.length, newQuery(), Buffer.alloc(512), 0, 512, "udp"), FORWARD);
});
