import { usage } from "./failure.ts";

/** 1984178 -> `1.98MB`, in powers of 1000 with three digits, as `docker images` says it. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000;
  return `${Number(value.toPrecision(3))}${UNITS[unit]}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** How long ago a moment was, roughly: `5 minutes ago`. */
export function agoText(secondsSince1970: number, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.floor(nowMs / 1000 - secondsSince1970));
  const [size, name] = SPANS.find(([length]) => seconds >= length) ?? [1, "second"];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}

const SPANS: [number, string][] = [
  [31_536_000, "year"],
  [2_592_000, "month"],
  [604_800, "week"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
];

/** `64m`, `1g`, `1024`: bytes, in powers of 1024, as docker's flags read them. @throws invalid */
export function bytesArgument(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  if (digits === undefined) throw usage(`invalid size: ${text}`, "write a number with b, k, m or g, such as 64m");
  return Math.floor(Number(digits) * 1024 ** "bkmgt".indexOf(unit?.toLowerCase() || "b"));
}

/** A moment as the API takes it (seconds since 1970): `10m` and `1h30m` are ago, RFC 3339, or seconds. @throws invalid */
export function momentArgument(text: string, nowMs = Date.now()): string {
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  if (/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return (nowMs / 1000 - durationSeconds(text)).toFixed(3);
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw usage(`invalid time: ${text}`, "write how long ago (10m, 1h30m) or a moment (2026-01-31T12:00:00Z)");
  return (ms / 1000).toFixed(3);
}

function durationSeconds(text: string): number {
  const size: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, count, unit = "s"]) => sum + Number(count) * (size[unit] ?? 1),
    0,
  );
}

/** `k=v` words as a record; a word without `=` has the value "". */
export function pairs(words: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(words.map(pair));
}

/** @throws invalid when there is no name */
export function pair(word: string): [string, string] {
  const at = word.indexOf("=");
  const name = at < 0 ? word : word.slice(0, at);
  if (name === "") throw usage(`invalid value: ${word}`, "write name=value");
  return [name, at < 0 ? "" : word.slice(at + 1)];
}

/** `-f driver=bridge -f label=a` as the API's filters; undefined when there are none. @throws invalid */
export function filtersText(words: readonly string[] = []): string | undefined {
  if (words.length === 0) return undefined;
  const filters: Record<string, Record<string, true>> = {};
  for (const word of words) {
    if (!word.includes("=")) throw usage(`invalid filter: ${word}`, "write key=value");
    const [key, value] = pair(word);
    filters[key] = { ...filters[key], [value]: true };
  }
  return JSON.stringify(filters);
}
