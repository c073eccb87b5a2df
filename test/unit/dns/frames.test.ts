import test from "ava";
import fc from "fast-check";
import { createFrames, frame } from "../../../src/dns/frames.ts";

test("messages come out whole however the stream is cut", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map(frame));
        const frames = createFrames(40);
        const out: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const bytes = cuts[i % cuts.length] ?? 1;
          out.push(...frames.push(stream.subarray(at, at + bytes)));
          at += bytes;
        }
        t.deepEqual(
          out.map((message) => message.toString("hex")),
          messages.map((message) => Buffer.from(message).toString("hex")),
        );
      },
    ),
  );
});

test("a length beyond the limit is refused before it is waited for", (t) => {
  t.throws(() => createFrames(40).push(Buffer.of(0, 41)), { instanceOf: RangeError });
});
