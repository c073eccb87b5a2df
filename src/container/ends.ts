import type { Id } from "../model/id.ts";
import { type Broadcast, createBroadcast } from "./broadcast.ts";

export interface End {
  id: Id;
  exitCode: number;
  oomKilled: boolean;
}

/** Who waits for a container's end or removal. */
export interface Ends {
  ended(end: End): void;
  removed(id: Id, exitCode: number): void;
  /** Its exit code. @throws the signal's reason. */
  next(id: Id, what: "end" | "removal", signal: AbortSignal): Promise<number>;
  listen: Broadcast<End>["listen"];
  close(): void;
}

export function createEnds(): Ends {
  const broadcast = createBroadcast<End>();
  const waiting = { end: new Map<Id, Set<(exitCode: number) => void>>(), removal: new Map<Id, Set<(exitCode: number) => void>>() };

  function tell(what: "end" | "removal", id: Id, exitCode: number): void {
    const waiters = waiting[what].get(id);
    waiting[what].delete(id);
    for (const waiter of waiters ?? []) waiter(exitCode);
  }

  return {
    ended(end) {
      tell("end", end.id, end.exitCode);
      broadcast.tell(end);
    },
    removed(id, exitCode) {
      tell("end", id, exitCode);
      tell("removal", id, exitCode);
    },
    next(id, what, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const waiters = waiting[what].get(id) ?? new Set();
        waiting[what].set(id, waiters);
        const leave = () => {
          waiters.delete(waiter);
          if (waiters.size === 0 && waiting[what].get(id) === waiters) waiting[what].delete(id);
          reject(signal.reason);
        };
        const waiter = (exitCode: number) => {
          signal.removeEventListener("abort", leave);
          resolve(exitCode);
        };
        waiters.add(waiter);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
    listen: () => broadcast.listen(),
    close: () => broadcast.close(),
  };
}
