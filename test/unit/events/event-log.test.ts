import test from "ava";
import sinon from "sinon";
import { createEventLog } from "../../../src/events/index.ts";

const happened = (action: string) => ({ type: "network" as const, action, id: "n1", attributes: { name: "my-net" } });

test("whoever listens hears every event once, until it stops listening", (t) => {
  const log = createEventLog(() => 5n);
  const listener = sinon.spy();
  const stop = log.listen(listener);
  log.emit(happened("create"));
  stop();
  log.emit(happened("destroy"));
  t.true(listener.calledOnce);
  t.like(listener.firstCall.args[0], { action: "create", timeNano: 5n });
});

test("times always grow, whatever the clock does, so that `since` neither misses nor repeats one", (t) => {
  const clock = sinon.stub<[], bigint>();
  clock.onCall(0).returns(100n).onCall(1).returns(100n).onCall(2).returns(50n);
  const log = createEventLog(clock);
  for (const action of ["create", "connect", "disconnect"]) log.emit(happened(action));
  t.deepEqual(
    log.since(0n).map((event) => event.timeNano),
    [100n, 101n, 102n],
  );
  t.deepEqual(
    log.since(102n).map((event) => event.action),
    ["disconnect"],
  );
});

test("the last 256 are kept", (t) => {
  const log = createEventLog(() => 0n);
  for (let i = 0; i < 300; i++) log.emit(happened(`a${i}`));
  t.is(log.since(0n).length, 256);
  t.is(log.since(0n).at(-1)?.action, "a299");
});
