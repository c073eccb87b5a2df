import test from "ava";
import { createFlusher } from "../../../src/store/flusher.ts";

/** A disk whose calls end when the test says so. */
function disk() {
  const calls: PromiseWithResolvers<void>[] = [];
  const bring = () => {
    const call = Promise.withResolvers<void>();
    calls.push(call);
    return call.promise;
  };
  return { calls, flusher: createFlusher(bring) };
}

test("what comes while a call is under way shares the next one, and never joins the one that may have missed it", async (t) => {
  const { calls, flusher } = disk();
  const first = flusher.flush();
  const second = flusher.flush();
  const third = flusher.flush();
  t.is(second, third);
  t.is(calls.length, 1);
  calls[0]?.resolve();
  await first;
  await null;
  t.is(calls.length, 2);
  calls[1]?.resolve();
  await Promise.all([second, third]);
  t.is(calls.length, 2);
});

test("a failure is told to who waits, then and ever after: what it lost is not on the disk later either", async (t) => {
  const { calls, flusher } = disk();
  const first = flusher.flush();
  const second = flusher.flush();
  calls[0]?.reject(new Error("EIO"));
  await t.throwsAsync(first, { message: "EIO" });
  await t.throwsAsync(second, { message: "EIO" });
  await t.throwsAsync(flusher.flush(), { message: "EIO" });
  t.is(calls.length, 1);
});

test("soon brings it without anybody waiting; a failure then is nobody's unhandled rejection, but is told later", async (t) => {
  const { calls, flusher } = disk();
  flusher.soon();
  flusher.soon();
  flusher.soon();
  t.is(calls.length, 1);
  calls[0]?.resolve();
  await new Promise(setImmediate);
  t.is(calls.length, 2);
  calls[1]?.reject(new Error("EIO"));
  await new Promise(setImmediate);
  t.is(calls.length, 2);
  await t.throwsAsync(flusher.flush(), { message: "EIO" });
});
