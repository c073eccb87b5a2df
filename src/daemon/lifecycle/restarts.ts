import type { Id } from "../../model/id.ts";
import { nextDelayMs } from "./restart-policy.ts";

/** The containers that a restart policy is bringing back; how often it did is in their records. */
export interface Restarts {
  /** Waits its back-off, then calls `start`. */
  schedule(id: Id, ranMs: number, start: () => void): void;
  /** Is it waiting for its next try? */
  pending(id: Id): boolean;
  /** No further try. @returns whether one was waiting. */
  cancel(id: Id): boolean;
  /** A person's start begins with a short wait again. */
  forget(id: Id): void;
  close(): void;
}

export function createRestarts(): Restarts {
  const rows = new Map<Id, { delayMs: number; timer: NodeJS.Timeout | undefined }>();
  const cancel = (id: Id) => {
    const row = rows.get(id);
    const waiting = row?.timer !== undefined;
    clearTimeout(row?.timer);
    if (row !== undefined) row.timer = undefined;
    return waiting;
  };
  return {
    schedule(id, ranMs, start) {
      const before = rows.get(id);
      clearTimeout(before?.timer);
      const delayMs = nextDelayMs(before?.delayMs, ranMs);
      const row = { delayMs, timer: undefined as NodeJS.Timeout | undefined };
      row.timer = setTimeout(() => {
        row.timer = undefined;
        start();
      }, delayMs);
      rows.set(id, row);
    },
    pending: (id) => rows.get(id)?.timer !== undefined,
    cancel,
    forget(id) {
      cancel(id);
      rows.delete(id);
    },
    close() {
      for (const id of rows.keys()) cancel(id);
    },
  };
}
