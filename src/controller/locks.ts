/** One at a time per key, in the order of asking; different keys do not wait for each other. */
export interface Locks {
  run<R>(key: string, body: () => Promise<R>): Promise<R>;
}

export function createLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run(key, body) {
      const before = tails.get(key) ?? Promise.resolve();
      const mine = before.then(body, body);
      const tail = mine.catch(() => undefined);
      tails.set(key, tail);
      tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      return mine;
    },
  };
}
