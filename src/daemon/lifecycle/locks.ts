/** One at a time for each key, in the order of asking; different keys do not wait for each other. */
export type KeyedLock = <T>(key: string, body: () => Promise<T>) => Promise<T>;

export function keyedLock(): KeyedLock {
  const last = new Map<string, Promise<unknown>>();
  return (key, body) => {
    const before = last.get(key) ?? Promise.resolve();
    // What went wrong before is told to who asked for it; the next one starts all the same.
    const mine = before.then(body, body);
    last.set(key, mine);
    const tidy = () => {
      if (last.get(key) === mine) last.delete(key);
    };
    mine.then(tidy, tidy);
    return mine;
  };
}
