import type { Duplex } from "node:stream";
import type { Hijacked } from "./client.ts";
import { copy, demultiplex } from "./frames.ts";
import type { Io } from "./io.ts";

export interface Conversation {
  /** A terminal on the other end: keys go through unchanged. */
  tty: boolean;
  /** Does our input go there? */
  stdin: boolean;
  /** The bytes with which the daemon lets go of the terminal. */
  detach: Buffer;
  /** Tells the size of our terminal to the other one. */
  resize(rows: number, columns: number): Promise<unknown>;
}

/**
 * Joins our streams with those of a process until its output ends. End of our input is passed on as a half-closed connection.
 * @returns whether it ended because the detach keys were typed
 */
export async function converse(io: Io, { stream, framed }: Hijacked, options: Conversation): Promise<{ detached: boolean }> {
  const raw = options.tty && options.stdin && io.stdin.isTTY === true;
  const input = options.stdin ? forward(io, stream, options.detach.length) : undefined;
  if (input === undefined) stream.end();
  if (raw) io.stdin.setRawMode?.(true);
  const stopResizing = options.tty ? followSize(io, options) : () => undefined;
  try {
    await (framed ? demultiplex(stream, io.stdout, io.stderr) : copy(stream, io.stdout)).catch(unlessClosed);
  } finally {
    stopResizing();
    if (raw) io.stdin.setRawMode?.(false);
    input?.stop();
    stream.destroy();
  }
  return { detached: options.tty && input?.last().equals(options.detach) === true };
}

/** Input to the stream, at the stream's pace, remembering the last bytes. */
function forward(io: Io, stream: Duplex, keep: number): { stop(): void; last(): Buffer } {
  let last = Buffer.alloc(0);
  const more = () => io.stdin.resume();
  const onData = (data: Buffer | string) => {
    const bytes = Buffer.from(data);
    last = Buffer.concat([last, bytes]).subarray(-keep);
    if (stream.write(bytes)) return;
    io.stdin.pause();
    stream.once("drain", more);
  };
  const onEnd = () => stream.end();
  io.stdin.on("data", onData).on("end", onEnd);
  return {
    last: () => last,
    stop() {
      io.stdin.off("data", onData).off("end", onEnd).pause();
    },
  };
}

/** Now, and whenever the window changes. The process may be gone by then, which is no error. */
function followSize(io: Io, options: Conversation): () => void {
  const tell = () => {
    const { rows, columns } = io.stdout;
    if (rows !== undefined && columns !== undefined) options.resize(rows, columns).catch(() => undefined);
  };
  tell();
  io.stdout.on("resize", tell);
  return () => io.stdout.off("resize", tell);
}

/** Writing to a process that is gone breaks the connection; how the process ended is asked of the daemon afterwards. */
function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "ECONNRESET") throw error;
}
