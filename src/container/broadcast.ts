/** Values for everybody who listens. What is told before the first listener came is kept for it. */
export interface Broadcast<T> {
  tell(value: T): void;
  /** From now on; ends with `close` or when the reader leaves. */
  listen(): AsyncIterable<T>;
  close(): void;
}

interface Listener<T> {
  waiting: T[];
  wake: (() => void) | undefined;
  over: boolean;
}

export function createBroadcast<T>(): Broadcast<T> {
  const listeners = new Set<Listener<T>>();
  let backlog: T[] | undefined = [];
  let closed = false;

  function end(listener: Listener<T>): void {
    listener.over = true;
    listeners.delete(listener);
    listener.wake?.();
  }

  async function next(listener: Listener<T>): Promise<IteratorResult<T>> {
    for (;;) {
      const value = listener.waiting.shift();
      if (value !== undefined) return { done: false, value };
      if (listener.over) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        listener.wake = resolve;
      });
    }
  }

  return {
    tell(value) {
      backlog?.push(value);
      for (const listener of listeners) {
        listener.waiting.push(value);
        listener.wake?.();
      }
    },
    listen() {
      // At once, not at the first next(): nothing is lost in between.
      const listener: Listener<T> = { waiting: backlog ?? [], wake: undefined, over: closed };
      backlog = undefined;
      if (!closed) listeners.add(listener);
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => next(listener),
          async return() {
            end(listener);
            return { done: true, value: undefined };
          },
        }),
      };
    },
    close() {
      closed = true;
      for (const listener of listeners) end(listener);
    },
  };
}
