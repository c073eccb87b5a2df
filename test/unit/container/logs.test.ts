import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { joinLines, parseEntry, timeOf, utcTime } from "../../../src/container/logs/k8s-file.ts";
import { readLogs, type Writer } from "../../../src/container/logs/logs.ts";
import type { LogLine, LogOptions } from "../../../src/container/types.ts";

const folder = mkdtempSync(join(tmpdir(), "nlc-logs-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
const ALL: LogOptions = { stdout: true, stderr: true, follow: false };
const STOPPED: Writer = { running: () => false, ended: () => new Promise(() => undefined) };
let files = 0;

function entry(stream: "stdout" | "stderr", tag: "P" | "F", text: string, second = 0): string {
  return `2026-11-24T02:45:${String(second).padStart(2, "0")}.991838143+00:00 ${stream} ${tag} ${text}\n`;
}

function logOf(text: string): string {
  const path = join(folder, `log${++files}`);
  writeFileSync(path, text);
  return path;
}

async function texts(path: string, options: Partial<LogOptions> = {}): Promise<string[]> {
  const result: string[] = [];
  for await (const { stream, data } of readLogs(path, { ...ALL, ...options }, STOPPED)) result.push(`${stream} ${data}`);
  return result;
}

test("an entry, and what is none", (t) => {
  const parsed = parseEntry(Buffer.from("2026-11-24T02:45:59.991838143+00:00 stderr P a b"));
  t.like(parsed, { stream: 2, partial: true, time: "2026-11-24T02:45:59.991838143+00:00" });
  t.is(parsed?.text.toString(), "a b");
  t.is(parseEntry(Buffer.from("2026-11-24T02:45:59+00:00 stdout F "))?.text.length, 0);
  for (const text of ["", "x", "time stdout X text", "time nowhere F text", "time stdout"]) t.is(parseEntry(Buffer.from(text)), undefined);
});

test("times", (t) => {
  t.is(timeOf("1970-01-01T00:00:01.5+00:00"), 1_500_000_000n);
  t.is(timeOf("1970-01-01T02:00:00.000000001+02:00"), 1n);
  t.is(utcTime("2026-11-24T02:45:59.991838143+00:00"), "2026-11-24T02:45:59.991838143Z");
  t.is(utcTime("2026-11-24T02:45:59.991838143+02:00"), "2026-11-24T00:45:59.991838143Z");
});

test("parts are joined for each stream; very long lines come in pieces", (t) => {
  const joiner = joinLines(ALL);
  const take = (stream: 1 | 2, partial: boolean, text: string) =>
    joiner.take({ stream, time: "2026-11-24T00:00:00+00:00", partial, text: Buffer.from(text) });
  t.is(take(1, true, "one "), undefined);
  t.is(take(2, false, "other")?.data.toString(), "other\n");
  t.is(take(1, false, "line")?.data.toString(), "one line\n");
  t.is(take(1, true, "x".repeat(20_000))?.data.length, 20_000);
  t.is(take(1, true, "open"), undefined);
  t.deepEqual(
    joiner.rest().map(({ data }) => data.toString()),
    ["open"],
  );
});

test("streams, times and the last lines", async (t) => {
  const path = logOf(
    entry("stdout", "F", "a", 1) +
      entry("stderr", "F", "b", 2) +
      entry("stdout", "P", "c", 3) +
      entry("stderr", "F", "d", 4) +
      entry("stdout", "F", "c", 5) +
      entry("stdout", "P", "end", 6),
  );
  t.deepEqual(await texts(path), ["1 a\n", "2 b\n", "2 d\n", "1 cc\n", "1 end"]);
  t.deepEqual(await texts(path, { stderr: false }), ["1 a\n", "1 cc\n", "1 end"]);
  t.deepEqual(await texts(path, { tail: 2 }), ["1 cc\n", "1 end"]);
  t.deepEqual(await texts(path, { tail: 2, stdout: false }), ["2 b\n", "2 d\n"]);
  t.deepEqual(await texts(path, { tail: 0 }), []);
  t.deepEqual(await texts(path, { since: timeOf("2026-11-24T02:45:04Z") }), ["2 d\n", "1 end"]);
  t.deepEqual(await texts(path, { until: timeOf("2026-11-24T02:45:03Z") }), ["1 a\n", "2 b\n"]);
  t.deepEqual(await texts(join(folder, "nosuch")), []);
});

test("the tail of any log is the end of the whole", async (t) => {
  const line = fc.record({
    stream: fc.constantFrom("stdout", "stderr"),
    tag: fc.constantFrom("P", "F"),
    size: fc.integer({ min: 0, max: 4000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 200 }), fc.integer({ min: 0, max: 30 }), async (lines, tail) => {
      const path = logOf(lines.map(({ stream, tag, size }, i) => entry(stream, tag, `${i} ${"x".repeat(size)}`)).join(""));
      const whole = await texts(path);
      t.deepEqual(await texts(path, { tail }), tail === 0 ? [] : whole.slice(-tail));
    }),
    { numRuns: 60 },
  );
});

test("a followed log ends with its writer, over a new file with the same name", async (t) => {
  const path = logOf(entry("stdout", "F", "old"));
  let running = true;
  const end = Promise.withResolvers<void>();
  const lines = readLogs(path, { ...ALL, follow: true, tail: 1 }, { running: () => running, ended: () => end.promise })[
    Symbol.asyncIterator
  ]();
  const next = async () => ((await lines.next()).value as LogLine | undefined)?.data.toString();
  t.is(await next(), "old\n");
  const waiting = next();
  appendFileSync(path, entry("stdout", "F", "more"));
  t.is(await waiting, "more\n");
  writeFileSync(`${path}.tmp`, entry("stdout", "F", "anew"));
  const renewed = next();
  renameSync(`${path}.tmp`, path);
  t.is(await renewed, "anew\n");
  appendFileSync(path, entry("stdout", "P", "last words"));
  running = false;
  end.resolve();
  t.is(await next(), "last words");
  t.is(await next(), undefined);
});
