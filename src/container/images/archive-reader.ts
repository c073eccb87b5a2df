import { type EventEmitter, once } from "node:events";
import type { Readable } from "node:stream";
import { extract as tarExtract } from "tar-stream";
import { decompressed } from "./compression.ts";
import { archiveError } from "./failure.ts";
import { type TarEntry, tarEntries } from "./tar-entries.ts";

/** Where bytes go: a writable stream, of Node or of tar-stream. */
export interface Sink {
  /** false: wait for `drain` before the next. */
  write(chunk: Buffer): boolean;
  end(): unknown;
}

/** A part of the reading; it must come to its end when the signal is aborted. */
export type Task<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Reads an archive, compressed or not, in one go: its members go to `consume`, its plain bytes to `taps` as well. `beside` are tasks that
 * belong to it, such as writing what a tap has made. The first failure ends all of them and is thrown; the source is destroyed then.
 * @throws invalid for a damaged archive, unsupported, unavailable (disk full)
 */
export async function readArchive<T>(
  source: Readable,
  consume: (entries: AsyncGenerator<TarEntry>) => Promise<T>,
  taps: { sinks: readonly Sink[]; beside: readonly Task<void>[] } = { sinks: [], beside: [] },
): Promise<T> {
  const extract = tarExtract();
  const failed = new AbortController();
  failed.signal.addEventListener("abort", () => {
    source.destroy();
    extract.destroy(failed.signal.reason);
  });
  const [consumed] = await Promise.allSettled([
    orAbort(consume(tarEntries(extract)), failed),
    orAbort(feed(source, [...taps.sinks, extract as unknown as Sink], failed.signal), failed),
    ...taps.beside.map((task) => orAbort(task(failed.signal), failed)),
  ]);
  if (failed.signal.aborted || consumed.status === "rejected") throw archiveError("cannot read the archive", failed.signal.reason);
  return consumed.value;
}

/** The tasks wait for each other: when one fails, the others must be told. */
async function orAbort<T>(task: Promise<T>, failed: AbortController): Promise<T> {
  try {
    return await task;
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}

async function feed(source: Readable, sinks: readonly Sink[], signal: AbortSignal): Promise<void> {
  const bytes = await decompressed(source);
  const destroy = () => bytes.destroy();
  signal.addEventListener("abort", destroy, { once: true });
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    const full = sinks.filter((sink) => !sink.write(chunk));
    // All at once: a drain that comes while another is awaited would be missed.
    await Promise.all(full.map((sink) => once(sink as unknown as EventEmitter, "drain", { signal })));
    signal.throwIfAborted();
  }
  for (const sink of sinks) sink.end();
}
