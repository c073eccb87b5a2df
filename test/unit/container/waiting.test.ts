import { PassThrough } from "node:stream";
import test from "ava";
import { createBroadcast } from "../../../src/container/broadcast.ts";
import { createEnds } from "../../../src/container/ends.ts";
import { createLocks } from "../../../src/container/locks.ts";
import { createSession } from "../../../src/container/session.ts";
import { readSyncPipe } from "../../../src/container/sync-pipe.ts";
import { never } from "./house.ts";

test("ends: told to who waits, kept for the first who listens", async (t) => {
  const ends = createEnds();
  const next = ends.next("a", "end", never);
  ends.ended({ id: "a", exitCode: 3, oomKilled: false });
  t.is(await next, 3);
  const heard = ends.listen()[Symbol.asyncIterator]();
  t.like((await heard.next()).value, { id: "a", exitCode: 3 });
  const removed = ends.next("a", "removal", never);
  ends.removed("a", 4);
  t.is(await removed, 4);
  await t.throwsAsync(ends.next("a", "end", AbortSignal.abort(new Error("left"))), { message: "left" });
  const last = heard.next();
  ends.close();
  t.true((await last).done);
});

test("a listener that leaves hears nothing more", async (t) => {
  const broadcast = createBroadcast<number>();
  const one = broadcast.listen()[Symbol.asyncIterator]();
  const two = broadcast.listen()[Symbol.asyncIterator]();
  const waiting = one.next();
  await one.return?.();
  broadcast.tell(1);
  t.true((await waiting).done);
  t.is((await two.next()).value, 1);
});

test("locks: in order for one key, together for different ones, over errors", async (t) => {
  const locks = createLocks();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = locks.run("a", async () => {
    await gate.promise;
    log.push("a1");
    throw new Error("oops");
  });
  const second = locks.run("a", async () => log.push("a2"));
  await locks.run("b", async () => log.push("b"));
  gate.resolve();
  await t.throwsAsync(first, { message: "oops" });
  await second;
  await locks.idle();
  t.deepEqual(log, ["b", "a1", "a2"]);
});

test("conmon's messages may come in pieces, and its end is an answer", async (t) => {
  const stream = new PassThrough();
  const pipe = readSyncPipe(stream);
  stream.write('{"data": 12}\n{"da');
  t.deepEqual(await pipe.next(), { data: 12 });
  const next = pipe.next();
  stream.write('ta": -1, "message": "why"}\n');
  t.deepEqual(await next, { data: -1, message: "why" });
  stream.end();
  t.is(await pipe.next(), undefined);
  await pipe.ended;
});

test("a session gives all that came before its end, then the error", async (t) => {
  const drained: number[] = [];
  const queue = createSession(false, {
    write: async () => undefined,
    endInput: () => undefined,
    drained: () => drained.push(queue.behind()),
    left: () => undefined,
  });
  queue.push({ stream: 1, data: Buffer.from("abc") });
  queue.push({ stream: 2, data: Buffer.from("d") });
  queue.end();
  queue.push({ stream: 1, data: Buffer.from("late") });
  const seen: string[] = [];
  for await (const { stream, data } of queue.session.output) seen.push(`${stream}${data}`);
  t.deepEqual(seen, ["1abc", "2d"]);
  t.deepEqual(drained, [1, 0]);
});
