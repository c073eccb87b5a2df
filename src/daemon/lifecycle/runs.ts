import type { Id } from "../../model/id.ts";

/** Why a person ends a process: it decides what follows its end. */
export type Intent = "stop" | "kill" | "restart" | "remove";

/**
 * The processes whose end has not been dealt with yet. A container's record says `exited` a little before its sandbox is closed and its
 * `die` is told; whoever builds on the end (the next start, a removal) waits for that.
 */
export interface Runs {
  began(id: Id): void;
  /** What a person wants of the present run. The last word counts. */
  intend(id: Id, intent: Intent): void;
  intentOf(id: Id): Intent | undefined;
  /** Resolves when the end of the present run was dealt with; at once when there is none. */
  settled(id: Id): Promise<void>;
  ended(id: Id): void;
  has(id: Id): boolean;
}

export function createRuns(): Runs {
  const runs = new Map<Id, { done: PromiseWithResolvers<void>; intent?: Intent }>();
  return {
    began(id) {
      if (!runs.has(id)) runs.set(id, { done: Promise.withResolvers() });
    },
    intend(id, intent) {
      const run = runs.get(id);
      if (run !== undefined) run.intent = intent;
    },
    intentOf: (id) => runs.get(id)?.intent,
    settled: (id) => runs.get(id)?.done.promise ?? Promise.resolve(),
    ended(id) {
      runs.get(id)?.done.resolve();
      runs.delete(id);
    },
    has: (id) => runs.has(id),
  };
}
