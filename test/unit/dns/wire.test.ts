import test from "ava";
import fc from "fast-check";
import { IGNORE, newQuery, RCODE, readQuery, TYPE } from "../../../src/dns/wire.ts";
import { answerOf, ask, parse, record, view, zoneOf } from "./house.ts";

const zone = zoneOf(record("1", "front", ["web"], "10.0.0.2"));

test("reads what an independent writer wrote", (t) => {
  const query = newQuery();
  const message = ask("web.front", "AAAA", { udpPayloadSize: 1232, doFlag: true });
  t.is(readQuery(message, 0, message.length, query), RCODE.noError);
  t.like(query, { type: TYPE.aaaa, class: 1, labels: 2, edns: true, udpBytes: 1232, dnssecOk: true, ednsOptions: false });
});

test("the hash takes no notice of case", (t) => {
  const [one, two] = [newQuery(), newQuery()];
  readQuery(ask("WeB"), 0, ask("WeB").length, one);
  readQuery(ask("wEb"), 0, ask("wEb").length, two);
  t.is(one.hash, two.hash);
});

for (const [what, change, verdict] of [
  ["a response", (m: Buffer) => m.writeUInt8(0x81, 2), IGNORE],
  ["an UPDATE", (m: Buffer) => m.writeUInt8(0x28, 2), RCODE.notImp],
  ["no question", (m: Buffer) => m.writeUInt16BE(0, 4), RCODE.formErr],
  ["two questions", (m: Buffer) => m.writeUInt16BE(2, 4), RCODE.formErr],
  ["65535 records that are not there", (m: Buffer) => m.writeUInt16BE(0xffff, 10), RCODE.formErr],
  ["a name that is a pointer to itself", (m: Buffer) => m.writeUInt16BE(0xc00c, 12), RCODE.formErr],
  ["a label beyond the end", (m: Buffer) => m.writeUInt8(63, 12), RCODE.formErr],
] as const) {
  test(`${what} gets its code`, (t) => {
    const message = ask("web");
    change(message);
    t.is(readQuery(message, 0, message.length, newQuery()), verdict);
    const answer = answerOf(zone, view(["front"]), message);
    if (verdict === IGNORE) t.is(answer, 0);
    else t.is(parse(answer).header.rcode, verdict);
  });
}

test("less than a header is ignored", (t) => {
  t.is(answerOf(zone, view(["front"]), Buffer.alloc(11)), 0);
});

test("an EDNS version that we do not know gets BADVERS", (t) => {
  const answer = parse(answerOf(zone, view(["front"]), ask("web", "A", { version: 1 })));
  t.is(answer.header.rcode, 16);
});

test("any bytes get an answer that can be read, or none, and never a throw", (t) => {
  const header = fc
    .tuple(fc.constantFrom(0, 1), fc.uint8Array({ minLength: 8, maxLength: 8 }))
    .map(([flags, rest]) => [0, 7, flags, 0, ...rest]);
  const names = fc.array(
    fc.oneof(
      fc.constantFrom([0], [0xc0, 12], [3, 119, 101, 98], [0, 0, 1, 0, 1], [0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0]),
      fc.uint8Array({ maxLength: 9 }).map(Array.from<number>),
    ),
  );
  const shaped = fc.tuple(header, names).map(([head, parts]) => Buffer.from([...head, ...parts.flat()]));
  const any = fc.oneof(
    shaped,
    fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(any, (message) => {
      const answer = answerOf(zone, view(["front"]), message);
      if (Buffer.isBuffer(answer)) parse(answer);
      else t.true(answer === 0 || answer === -1);
    }),
    { numRuns: 3000 },
  );
});

test("a changed byte in a good query never throws", (t) => {
  const good = ask("web.front", "A", { udpPayloadSize: 4096 });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
      const message = Buffer.from(good);
      message[at] = byte;
      const answer = answerOf(zone, view(["front"]), message.subarray(0, length));
      if (Buffer.isBuffer(answer)) parse(answer);
    }),
    { numRuns: 3000 },
  );
  t.pass();
});
