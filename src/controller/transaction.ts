import { messageOf } from "../model/errors.ts";
import type { Log } from "../model/log.ts";

/** Undos are written down before their deeds: a deed that fails half-way is undone too, so an undo must take absence for success. */
export interface Transaction {
  undo(what: string, deed: () => Promise<void> | void): void;
  /** Runs last and only when every undo worked: what we know of a thing is forgotten once nothing of it is left. */
  forget(deed: () => void): void;
}

/** Runs the body; a throw runs the undos, last first, all of them, and is then thrown on. */
export async function transaction<R>(log: Log, body: (tx: Transaction) => Promise<R>): Promise<R> {
  const undos: { what: string; deed: () => Promise<void> | void }[] = [];
  const forgets: (() => void)[] = [];
  try {
    return await body({ undo: (what, deed) => undos.push({ what, deed }), forget: (deed) => forgets.push(deed) });
  } catch (error) {
    let clean = true;
    for (const { what, deed } of undos.reverse()) {
      try {
        await deed();
      } catch (failure) {
        clean = false;
        log.error(`undo of ${what} failed, the next start will sweep it`, { error: messageOf(failure) });
      }
    }
    if (clean) for (const forget of forgets.reverse()) forget();
    throw error;
  }
}

/** Taking down goes on whatever fails, and tells the first failure at the end. */
export async function tearDown(steps: (() => Promise<void> | void)[]): Promise<void> {
  let first: unknown;
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      first ??= error;
    }
  }
  if (first !== undefined) throw first;
}

/** Starts all, waits for all, then throws the first failure: an undo must not run while a deed still does. */
export async function together(deeds: (() => Promise<void>)[]): Promise<void> {
  const results = await Promise.allSettled(deeds.map((deed) => deed()));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Lets what was started get as far as it can before going on. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
