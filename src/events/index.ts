import type { EventLog, NetEvent } from "../model/event.ts";

/** As many as dockerd keeps. */
const KEPT = 256;

/** Events in memory; nanoseconds always grow, so that `since` never misses or repeats one. */
export function createEventLog(now: () => bigint): EventLog {
  const kept: NetEvent[] = [];
  const listeners = new Set<(event: NetEvent) => void>();
  let last = 0n;
  return {
    emit(event) {
      const time = now();
      last = time > last ? time : last + 1n;
      const whole: NetEvent = { ...event, timeNano: last };
      kept.push(whole);
      if (kept.length > KEPT) kept.shift();
      for (const listener of listeners) listener(whole);
    },
    since: (timeNano) => kept.filter((event) => event.timeNano >= timeNano),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
