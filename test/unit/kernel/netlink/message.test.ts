import test from "ava";
import fc from "fast-check";
import { netlinkWriter, readAttributes, readMessages } from "../../../../src/kernel/netlink/attribute.ts";
import { decodeAnswers, encodeRequests, NLM_F_DUMP, type Request } from "../../../../src/kernel/netlink/message.ts";
import { golden, words } from "./hex.ts";

const request = (flags = 0): Request => ({ type: 18, flags, what: "ask", body: (w) => w.header(Uint8Array.of(1, 2, 3, 4)) });

function bytes(text: string): Buffer {
  return Buffer.from(golden(text).replaceAll(" ", ""), "hex");
}

test("requests are numbered and ask to be answered once each", (t) => {
  t.is(
    words(encodeRequests([request(), request(NLM_F_DUMP)], 0xffffffff)),
    golden(`
      14000000 12000500 ffffffff 00000000 01020304  # request ack
      14000000 12000103 00000000 00000000 01020304  # request dump: it ends with DONE
    `),
  );
});

test("answers are sorted by the request they are to", (t) => {
  const [first, second, third] = decodeAnswers(
    bytes(`
      14000000 10000000 07000000 00000000 aaaaaaaa                                     # a link, to the first
      24000000 02000001 07000000 00000000 00000000 14000000 12000500 07000000 00000000 # done
      14000000 10000000 63000000 00000000 bbbbbbbb                                     # to nobody
      24000000 02000001 08000000 00000000 edffffff 14000000 12000500 08000000 00000000 # ENODEV
      14000000 10001200 09000000 00000000 cccccccc                                     # of a dump that was interrupted
      14000000 03000200 09000000 00000000 00000000                                     # NLMSG_DONE
    `),
    3,
    7,
  );
  t.is(first?.messages.length, 1);
  t.is(first?.refusal, undefined);
  t.like(second?.refusal, { errno: 19, name: "ENODEV", text: "no such device (ENODEV)" });
  t.true(third?.interrupted);
  t.is(third?.refusal, undefined);
});

test("the kernel's own words, after a capped and after a whole echo", (t) => {
  const text = `0f000100 ${Buffer.from("Bad thing\0").toString("hex")} 00`.replaceAll(" ", "");
  const capped = `33000000 02000003 01000000 00000000 eaffffff 14000000 12000500 01000000 00000000 ${text}`;
  const whole = `37000000 02000002 01000000 00000000 eaffffff 14000000 12000500 01000000 00000000 01020304 ${text}`;
  for (const reply of [capped, whole]) {
    const hex = reply.replaceAll(" ", "");
    const message = Buffer.from(hex, "hex");
    message.writeUInt32LE(message.length, 0);
    t.is(decodeAnswers(message, 1, 1)[0]?.refusal?.text, "invalid argument (EINVAL): Bad thing");
  }
});

test("a dump that fails says so in its end", (t) => {
  const [answer] = decodeAnswers(bytes("14000000 03000200 01000000 00000000 edffffff"), 1, 1);
  t.is(answer?.refusal?.name, "ENODEV");
});

test("an errno without a name keeps its number", (t) => {
  const [answer] = decodeAnswers(bytes("14000000 02000000 01000000 00000000 0cfeffff"), 1, 1);
  t.like(answer?.refusal, { errno: 500, name: "errno 500" });
});

test("any bytes give answers and no exception", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(2, 3, 16), fc.nat(0x3ff), (body, type, flags) => {
      const message = Buffer.concat([Buffer.alloc(16), body]);
      message.writeUInt32LE(message.length, 0);
      message.writeUInt16LE(type, 4);
      message.writeUInt16LE(flags, 6);
      message.writeUInt32LE(1, 8);
      return decodeAnswers(message, 1, 1).length === 1 && decodeAnswers(Buffer.from(body), 1, 1).length === 1;
    }),
  );
  t.pass();
});

test("attributes come back as they were written", (t) => {
  const attribute = fc.tuple(fc.nat(0x3fff), fc.uint8Array({ maxLength: 64 }));
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 20 }), (attributes) => {
      const w = netlinkWriter(16);
      w.message(1, 2, 3, () => {
        for (const [type, value] of attributes) w.bytes(type, value);
      });
      const [message] = [...readMessages(w.finish())];
      if (message === undefined) return false;
      const read = readAttributes(message.body);
      return [...new Map(attributes)].every(([type, value]) => read.get(type)?.equals(value)) && read.size === new Map(attributes).size;
    }),
  );
  t.pass();
});
