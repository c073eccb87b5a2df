import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import test from "ava";
import fc from "fast-check";
import { detachBytes } from "../../../src/cli/detach-keys.ts";
import { demultiplex } from "../../../src/cli/frames.ts";
import { parseHost } from "../../../src/cli/host.ts";
import { parsePublish } from "../../../src/cli/ports.ts";
import { agoText, bytesArgument, bytesText, momentArgument } from "../../../src/cli/words.ts";
import { frame } from "./fake-daemon.ts";

test("-p", (t) => {
  const one = (text: string) => parsePublish(text).map(({ hostIp, hostPort, port }) => `${hostIp}|${hostPort}|${port}`);
  t.deepEqual(one("80"), ["||80/tcp"]);
  t.deepEqual(one("8080:80"), ["|8080|80/tcp"]);
  t.deepEqual(one("53:53/udp"), ["|53|53/udp"]);
  t.deepEqual(one("127.0.0.1:8080:80"), ["127.0.0.1|8080|80/tcp"]);
  t.deepEqual(one("127.0.0.1::80"), ["127.0.0.1||80/tcp"]);
  t.deepEqual(one("[::1]:8080:80"), ["::1|8080|80/tcp"]);
  t.deepEqual(one("9000-9001:7000-7001"), ["|9000|7000/tcp", "|9001|7001/tcp"]);
  t.deepEqual(one("8000-8010:80"), ["|8000-8010|80/tcp"]);
  for (const bad of ["", "x", "80:", "70000:80", "8-7:80", "1-3:1-2", "80/icmp", "1.2.3.4.5:1:1", "[zz]:1:1", "a:b:c"])
    t.throws(() => parsePublish(bad), { message: /invalid port/ }, bad);
});

test("-H", (t) => {
  t.deepEqual(parseHost("unix:///run/x.sock"), { socketPath: "/run/x.sock" });
  t.deepEqual(parseHost("tcp://localhost:2375"), { host: "localhost", port: 2375 });
  t.deepEqual(parseHost("tcp://[::1]:2375/"), { host: "::1", port: 2375 });
  for (const bad of ["", "/run/x.sock", "unix://run/x", "tcp://h", "tcp://h:0", "http://h:1"])
    t.throws(() => parseHost(bad), { message: /invalid host/ }, bad);
});

test("detach keys", (t) => {
  t.deepEqual([...detachBytes(undefined)], [16, 17]);
  t.deepEqual([...detachBytes("ctrl-e,q,ctrl-@,ctrl-]")], [5, 113, 0, 29]);
  t.throws(() => detachBytes("ctrl-"), { message: "invalid detach keys: ctrl-" });
});

test("sizes and times", (t) => {
  t.deepEqual([0, 999, 1000, 1_984_178, 5.5e9].map(bytesText), ["0B", "999B", "1kB", "1.98MB", "5.5GB"]);
  t.deepEqual(["64m", "1g", "512", "1.5k", "64MB"].map(bytesArgument), [67_108_864, 1_073_741_824, 512, 1536, 67_108_864]);
  t.deepEqual(
    [10, 61, 7200, 86_400 * 8].map((s) => agoText(1000 - s, 1_000_000)),
    ["10 seconds ago", "1 minute ago", "2 hours ago", "1 week ago"],
  );
  t.is(momentArgument("1h30m", 10_000_000), "4600.000");
  t.is(momentArgument("2026-01-01T00:00:00Z"), "1767225600.000");
  t.throws(() => momentArgument("yesterday"), { message: "invalid time: yesterday" });
});

test("frames are whole however the bytes are cut", async (t) => {
  const texts = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string({ maxLength: 20 })), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(texts, fc.infiniteStream(fc.integer({ min: 1, max: 30 })), async (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(([stream, text]) => frame(stream, text)));
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = cuts.next().value ?? 1;
        chunks.push(bytes.subarray(at, at + length));
        at += length;
      }
      const [out, err] = [new PassThrough(), new PassThrough()];
      await demultiplex(Readable.from(chunks), out, err);
      const of = (stream: number) =>
        frames
          .filter(([one]) => one === stream)
          .map(([, text]) => text)
          .join("");
      out.end();
      err.end();
      t.is(await text(out), of(1));
      t.is(await text(err), of(2));
    }),
  );
  await t.throwsAsync(demultiplex(Readable.from([Buffer.from("HTTP/1.1 200 OK")]), new PassThrough(), new PassThrough()), {
    message: /not in frames/,
  });
});
