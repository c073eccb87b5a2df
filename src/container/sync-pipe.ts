import type { Readable } from "node:stream";

/** What conmon says on a pipe, one line of JSON each: a pid (or a negative number and why not), later the exit code of an exec. */
export interface SyncMessage {
  data: number;
  message?: string;
}

export interface SyncPipe {
  /** The next message; undefined when conmon is gone. */
  next(): Promise<SyncMessage | undefined>;
  /** Resolves when conmon is gone. */
  ended: Promise<void>;
  close(): void;
}

export function readSyncPipe(stream: Readable): SyncPipe {
  const messages: SyncMessage[] = [];
  const waiting: ((message: SyncMessage | undefined) => void)[] = [];
  let rest = "";
  let over = false;

  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(JSON.parse(line) as SyncMessage);
  });
  const ended = new Promise<void>((resolve) => {
    // A reset is an end too: conmon was killed.
    stream.on("error", () => stream.destroy());
    stream.on("close", () => {
      over = true;
      for (const tell of waiting.splice(0)) tell(undefined);
      resolve();
    });
    stream.on("end", () => stream.destroy());
  });

  function take(message: SyncMessage): void {
    const tell = waiting.shift();
    if (tell === undefined) messages.push(message);
    else tell(message);
  }

  return {
    next() {
      const message = messages.shift();
      if (message !== undefined || over) return Promise.resolve(message);
      return new Promise((resolve) => waiting.push(resolve));
    },
    ended,
    close: () => stream.destroy(),
  };
}
