/** One at a time for each key, in the order of asking. */
export interface Locks {
  run<R>(key: string, body: () => Promise<R>): Promise<R>;
  /** Resolves when all that was asked for until now is done. */
  idle(): Promise<void>;
}

export function createLocks(): Locks {
  const last = new Map<string, Promise<void>>();
  return {
    run(key, body) {
      const result = (last.get(key) ?? Promise.resolve()).then(body);
      const done = result.then(
        () => undefined,
        () => undefined,
      );
      last.set(key, done);
      done.then(() => {
        if (last.get(key) === done) last.delete(key);
      });
      return result;
    },
    async idle() {
      await Promise.all(last.values());
    },
  };
}
