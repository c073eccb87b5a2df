import type { LogLine, LogOptions } from "../types.ts";

/** One line of conmon's file: `2026-11-24T02:45:59.991838143+00:00 stdout F text`. */
export interface LogEntry {
  stream: 1 | 2;
  /** As it is written, with its offset. */
  time: string;
  /** Does the process's line go on in the next entry of the same stream? */
  partial: boolean;
  text: Buffer;
}

const SPACE = 0x20;
const NEWLINE = Buffer.from("\n");
/** A process that never ends its lines is told in pieces of this size, as Docker does it. */
export const PIECE_MAX_BYTES = 16 << 10;

/** @returns undefined for what conmon would not write: the torn last line after a crash of the machine. */
export function parseEntry(line: Buffer): LogEntry | undefined {
  const timeEnd = line.indexOf(SPACE);
  const streamEnd = line.indexOf(SPACE, timeEnd + 1);
  const tagEnd = streamEnd + 2;
  if (timeEnd < 1 || streamEnd < 0 || line[tagEnd] !== SPACE) return undefined;
  const stream = line.toString("latin1", timeEnd + 1, streamEnd);
  const tag = line.toString("latin1", streamEnd + 1, tagEnd);
  if ((stream !== "stdout" && stream !== "stderr") || (tag !== "P" && tag !== "F")) return undefined;
  return {
    stream: stream === "stdout" ? 1 : 2,
    time: line.toString("latin1", 0, timeEnd),
    partial: tag === "P",
    text: line.subarray(tagEnd + 1),
  };
}

/** Nanoseconds since 1970. */
export function timeOf(text: string): bigint {
  const [, seconds = "", fraction = "", zone = "Z"] = /^(.{19})(?:\.(\d{1,9}))?(.*)$/.exec(text) ?? [];
  return BigInt(Date.parse(`${seconds}${zone || "Z"}`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** RFC 3339 in UTC with nanoseconds. */
export function utcTime(text: string): string {
  if (text.endsWith("+00:00")) return `${text.slice(0, -6)}Z`;
  if (text.endsWith("Z")) return text;
  const nanos = timeOf(text);
  const whole = new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19);
  return `${whole}.${String(nanos % 1_000_000_000n).padStart(9, "0")}Z`;
}

/** Entries become lines: parts are joined, streams and times that were not asked for are left out. */
export interface LineJoiner {
  /** At most one line comes of one entry. */
  take(entry: LogEntry): LogLine | undefined;
  /** The lines that have no end (yet): a prompt, or the last words of a process that was killed. */
  rest(): LogLine[];
}

export function joinLines(options: LogOptions): LineJoiner {
  const open = new Map<1 | 2, { time: string; parts: Buffer[]; bytes: number }>();
  const wanted = (stream: 1 | 2) => (stream === 1 ? options.stdout : options.stderr);

  function inTime(time: string): boolean {
    if (options.since === undefined && options.until === undefined) return true;
    const nanos = timeOf(time);
    return nanos >= (options.since ?? 0n) && (options.until === undefined || nanos <= options.until);
  }

  function line(stream: 1 | 2, time: string, parts: Buffer[]): LogLine | undefined {
    return inTime(time) ? { stream, time: utcTime(time), data: Buffer.concat(parts) } : undefined;
  }

  return {
    take({ stream, time, partial, text }) {
      if (!wanted(stream)) return undefined;
      const begun = open.get(stream) ?? { time, parts: [], bytes: 0 };
      begun.parts.push(text);
      begun.bytes += text.length;
      if (partial && begun.bytes < PIECE_MAX_BYTES) {
        open.set(stream, begun);
        return undefined;
      }
      open.delete(stream);
      if (!partial) begun.parts.push(NEWLINE);
      return line(stream, begun.time, begun.parts);
    },
    rest() {
      const lines = [...open].flatMap(([stream, { time, parts }]) => line(stream, time, parts) ?? []);
      open.clear();
      return lines;
    },
  };
}
