/** Brings commits to the disk, one call at a time: those that come while one is under way share the next. */
export interface Flusher {
  /** There is something to bring; nobody waits for it. */
  soon(): void;
  flush(): Promise<void>;
}

export function createFlusher(bring: () => Promise<void>): Flusher {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  // Linux tells a failed write once per descriptor: a later call that succeeds proves nothing about what failed before it.
  let failure: { error: unknown } | undefined;

  /** What is committed after a call began may have missed it, so it is never joined. */
  function flush(): Promise<void> {
    if (next !== undefined) return next;
    if (running === undefined) return start();
    next = running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  }

  function start(): Promise<void> {
    if (failure !== undefined) return Promise.reject(failure.error);
    running = bring()
      .catch((error: unknown) => {
        failure = { error };
        throw error;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  return {
    flush,
    soon() {
      // Whoever must know of a failure waits for a flush of its own, which then fails too.
      if (next === undefined) flush().catch(() => undefined);
    },
  };
}
