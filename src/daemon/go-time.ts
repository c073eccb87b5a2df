import { NetError } from "../model/errors.ts";

const UNITS_NS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;

/** `1h30m`, `0s`, `1.5s` in nanoseconds; undefined when it is not one. [Go time.ParseDuration] */
export function parseDuration(text: string): bigint | undefined {
  if (text === "0") return 0n;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * (UNITS_NS[unit ?? ""] ?? 0);
  return BigInt(Math.round(total));
}

/**
 * `since` and `until` as clients send them: seconds since 1970 with or without a fraction, an RFC 3339 time, or a duration before now.
 * @returns nanoseconds since 1970, undefined when it is none of them.
 */
export function parseInstant(text: string, nowMs: number = Date.now()): bigint | undefined {
  const seconds = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (seconds !== null) return BigInt(seconds[1] ?? 0) * 1_000_000_000n + BigInt((seconds[2] ?? "").padEnd(9, "0"));
  const duration = parseDuration(text);
  if (duration !== undefined) return BigInt(nowMs) * 1_000_000n - duration;
  return nanosOf(text);
}

/** An RFC 3339 time in nanoseconds since 1970; the fraction is kept whole, which Date.parse does not do. */
export function nanosOf(text: string): bigint | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?\d*(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  if (match === null) return undefined;
  const wholeMs = Date.parse(`${match[1]?.replace(" ", "T")}${match[3] ?? "Z"}`);
  return Number.isNaN(wholeMs) ? undefined : BigInt(wholeMs) * 1_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}

/** A query parameter that tells a time. dockerd answers a bad one with 500; a person who mistyped is better told so. @throws invalid */
export function instantOf(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined || text === "" || text === "0") return undefined;
  const at = parseInstant(text);
  if (at !== undefined) return at;
  throw new NetError("invalid", `invalid value for "${name}": ${text}`, {
    hint: "write seconds since 1970, an RFC 3339 time or a duration such as 10m",
  });
}

/** Nanoseconds since 1970 as Go writes a time: a fraction of as many digits as it needs. [time.RFC3339Nano] */
export function goTime(nanos: bigint): string {
  const seconds = new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = String(nanos % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/** The moment that Go's zero time means: never. */
export const NEVER = "0001-01-01T00:00:00Z";

/** Milliseconds since 1970; undefined for never. */
export function millisOf(time: string): number | undefined {
  return time === "" || time === NEVER ? undefined : Date.parse(time);
}
