import { type FileHandle, open, stat } from "node:fs/promises";
import { type LogEntry, parseEntry } from "./k8s-file.ts";

const BLOCK_BYTES = 64 << 10;
const NEWLINE = 0x0a;
/** How much further back the beginning of a line is looked for that another stream interrupted. */
const LOOK_BACK_BYTES = 256 << 10;

/** A log that is open for reading; another one may take its name while it is read. */
export interface LogFile {
  /** The entries from where the last call ended to the present end; a line that is not complete stays for the next call. */
  entries(): AsyncGenerator<LogEntry>;
  /** Goes to where the last `lines` lines of these streams begin; a few more may follow. */
  seekTail(lines: number, wanted: (stream: 1 | 2) => boolean): Promise<void>;
  /** Is this still the file that has the name? */
  isCurrent(): Promise<boolean>;
  close(): Promise<void>;
}

/** @returns undefined when nothing was ever written. */
export async function openLog(path: string): Promise<LogFile | undefined> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  let position = 0;

  async function* entries(): AsyncGenerator<LogEntry> {
    let rest: Buffer = Buffer.alloc(0);
    // What is read further than the last whole line is read again by the next call.
    for (let at = position; ; ) {
      const block = await readAt(file as FileHandle, at, BLOCK_BYTES);
      if (block.length === 0) return;
      at += block.length;
      const data = rest.length === 0 ? block : Buffer.concat([rest, block]);
      let from = 0;
      for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, from)) {
        const entry = parseEntry(data.subarray(from, end));
        position += end + 1 - from;
        from = end + 1;
        if (entry !== undefined) yield entry;
      }
      rest = data.subarray(from);
    }
  }

  return {
    entries,
    async seekTail(lines, wanted) {
      position = await tailStart(file, lines, wanted);
    },
    async isCurrent() {
      const [mine, named] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
      return named === undefined || (mine.ino === named.ino && mine.dev === named.dev);
    },
    close: () => file.close(),
  };
}

/** Reads block by block from the end. */
async function tailStart(file: FileHandle, lines: number, wanted: (stream: 1 | 2) => boolean): Promise<number> {
  const { size } = await file.stat();
  const streams = ([1, 2] as const).filter(wanted);
  const whole = new Set<1 | 2>();
  let found = 0;
  let foundAt = 0;
  let rest: Buffer = Buffer.alloc(0);
  for (let at = size; at > 0; ) {
    const from = Math.max(0, at - BLOCK_BYTES);
    const data = Buffer.concat([await readAt(file, from, at - from), rest]);
    // The first line of a block may begin in the block before it.
    const first = from === 0 ? 0 : data.indexOf(NEWLINE) + 1;
    if (from > 0 && first === 0) {
      rest = data;
      at = from;
      continue;
    }
    for (let end = data.length - 1; end > first; ) {
      const start = Math.max(first, data.lastIndexOf(NEWLINE, end - 1) + 1);
      const entry = parseEntry(data.subarray(start, end));
      if (entry !== undefined && !entry.partial && wanted(entry.stream)) {
        if (++found === lines + 1) foundAt = from + start;
        // This ends a line that is not wanted any more: what follows it in its stream is whole.
        if (found > lines) whole.add(entry.stream);
      }
      if (found > lines && (streams.every((stream) => whole.has(stream)) || foundAt - (from + start) > LOOK_BACK_BYTES))
        return from + start;
      end = start - 1;
    }
    rest = data.subarray(0, first);
    at = from;
  }
  return 0;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
