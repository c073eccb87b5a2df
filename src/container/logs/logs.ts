import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import type { LogLine, LogOptions } from "../types.ts";
import { joinLines, type LineJoiner } from "./k8s-file.ts";
import { type LogFile, openLog } from "./log-file.ts";

/** Who writes the log, as far as `follow` must know. */
export interface Writer {
  running(): boolean;
  /** Resolves at the next end; the log is complete then. */
  ended(signal: AbortSignal): Promise<void>;
}

/** The lines of a log. A reader that leaves (`return()`) takes everything with it at once, even while it waits for a line. */
export function readLogs(path: string, options: LogOptions, writer: Writer): AsyncIterable<LogLine> {
  return {
    [Symbol.asyncIterator]() {
      const stop = new AbortController();
      const lines = follow(path, options, writer, stop.signal);
      return {
        next: () => lines.next(),
        return() {
          stop.abort();
          return lines.return(undefined);
        },
      };
    },
  };
}

async function* follow(path: string, options: LogOptions, writer: Writer, stop: AbortSignal): AsyncGenerator<LogLine> {
  const changes = options.follow ? watchChanges(path, options, writer, stop) : undefined;
  const joiner = joinLines(options);
  let file = await openLog(path);
  try {
    const live = () => changes !== undefined && !stop.aborted;
    let wasRunning = writer.running();
    if (file !== undefined)
      yield* options.tail === undefined ? allLines(file, joiner) : lastLines(file, joiner, options, options.tail, !(live() && wasRunning));
    while (live() && wasRunning && !isOver(options)) {
      await changes?.next();
      wasRunning = writer.running();
      file ??= await openLog(path);
      if (file === undefined) continue;
      yield* allLines(file, joiner);
      if (await file.isCurrent()) continue;
      // The log was begun anew; what came to the old file in between is read first.
      yield* allLines(file, joiner);
      await file.close();
      file = await openLog(path);
      if (file !== undefined) yield* allLines(file, joiner);
    }
    if (!stop.aborted) yield* joiner.rest();
  } finally {
    changes?.close();
    await file?.close();
  }
}

async function* allLines(file: LogFile, joiner: LineJoiner): AsyncGenerator<LogLine> {
  for await (const entry of file.entries()) {
    const line = joiner.take(entry);
    if (line !== undefined) yield line;
  }
}

async function* lastLines(
  file: LogFile,
  joiner: LineJoiner,
  options: LogOptions,
  count: number,
  withRest: boolean,
): AsyncGenerator<LogLine> {
  await file.seekTail(count, (stream) => (stream === 1 ? options.stdout : options.stderr));
  const last: LogLine[] = [];
  const keep = (line: LogLine) => {
    last.push(line);
    if (last.length > count) last.shift();
  };
  for await (const line of allLines(file, joiner)) keep(line);
  if (withRest) for (const line of joiner.rest()) keep(line);
  yield* last;
}

function isOver({ until }: LogOptions): boolean {
  return until !== undefined && BigInt(Date.now()) * 1_000_000n > until;
}

interface Changes {
  next(): Promise<void>;
  close(): void;
}

/** Wakes at every change of the log's folder, at the writer's end, when `until` is reached and when the reader leaves. */
function watchChanges(path: string, options: LogOptions, writer: Writer, stop: AbortSignal): Changes {
  const done = new AbortController();
  let changed = false;
  let wake: (() => void) | undefined;
  const tell = () => {
    changed = true;
    wake?.();
  };
  // The folder, not the file: a log that is begun anew is another file with the same name.
  const watcher: FSWatcher = watch(dirname(path), tell);
  watcher.on("error", tell);
  stop.addEventListener("abort", tell);
  // Rejected only when `done` ends the waiting.
  writer.ended(done.signal).then(tell, () => undefined);
  const timer = options.until === undefined ? undefined : setTimeout(tell, msUntil(options.until));
  return {
    async next() {
      if (!changed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      changed = false;
    },
    close() {
      clearTimeout(timer);
      watcher.close();
      stop.removeEventListener("abort", tell);
      done.abort();
    },
  };
}

const TIMER_MAX_MS = 2 ** 31 - 1;

/** One more than the exact time, so that it is over when the timer fires. */
function msUntil(nanos: bigint): number {
  return Math.min(Math.max(0, Number(nanos / 1_000_000n) - Date.now() + 1), TIMER_MAX_MS);
}
