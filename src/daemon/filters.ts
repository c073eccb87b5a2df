import { NetError } from "../model/errors.ts";
import { parseInstant } from "./go-time.ts";

/** The `filters` parameter: values by key. Several values of a key mean any of them, except for labels, where all must fit. */
export interface Filters {
  has(key: string): boolean;
  values(key: string): readonly string[];
  /** No value given, or `fits` one of them. */
  any(key: string, fits: (value: string) => boolean): boolean;
  /** `dangling=true` or `1`, `false` or `0`; undefined when it was not given. @throws invalid */
  flag(key: string): boolean | undefined;
  /** `label=k`, `label=k=v` and their opposites `label!=...`. */
  labels(labels: Readonly<Record<string, string>> | null | undefined): boolean;
  /** `until` of a prune: a duration before now or a time. Nanoseconds since 1970. @throws invalid */
  until(): bigint | undefined;
}

/**
 * Both forms are read: `{"key":{"value":true}}` and the old `{"key":["value"]}`.
 * @throws invalid: `invalid filter` for what is not such JSON, `invalid filter 'foo'` for a key that is not in `known`.
 */
export function parseFilters(text: string | undefined, known: readonly string[]): Filters {
  const byKey = text === undefined || text === "" ? new Map<string, string[]>() : read(text);
  for (const key of byKey.keys()) {
    if (!known.includes(key))
      throw new NetError("invalid", `invalid filter '${key}'`, { hint: `filters that there are: ${known.join(", ")}` });
  }
  const values = (key: string): readonly string[] => byKey.get(key) ?? [];
  return {
    has: (key) => values(key).length > 0,
    values,
    any: (key, fits) => values(key).length === 0 || values(key).some(fits),
    flag: (key) => flagOf(key, values(key)),
    labels: (labels) =>
      values("label").every((wanted) => hasLabel(labels ?? {}, wanted)) &&
      !values("label!").some((wanted) => hasLabel(labels ?? {}, wanted)),
    until: () => untilOf(values("until")),
  };
}

/**
 * Does a name fit what a person typed? A part of it, or a pattern of literal pieces with `^`, `$`, `.*` and `\.`; other signs of
 * regular expressions stand for themselves, because a hostile expression could hold up everybody.
 */
export function fitsName(pattern: string, name: string): boolean {
  const start = pattern.startsWith("^");
  const end = pattern.endsWith("$");
  const pieces = pattern.slice(start ? 1 : 0, end ? -1 : undefined).split(".*");
  const literals = pieces.map((piece) => piece.replace(/\\(.)/g, "$1"));
  const last = literals.length - 1;
  let at = 0;
  for (const [i, literal] of literals.entries()) {
    const from = i === last && end ? name.length - literal.length : name.indexOf(literal, at);
    if (from < at || (i === 0 && start && from !== 0) || !name.startsWith(literal, from)) return false;
    at = from + literal.length;
  }
  return true;
}

function read(text: string): Map<string, string[]> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new NetError("invalid", "invalid filter", { cause: error });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new NetError("invalid", "invalid filter");
  return new Map(Object.entries(json).map(([key, values]) => [key, valuesOf(values)]));
}

function valuesOf(values: unknown): string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === "string")) return values;
  if (typeof values !== "object" || values === null || Array.isArray(values)) throw new NetError("invalid", "invalid filter");
  return Object.entries(values).flatMap(([value, on]) => (on === true ? [value] : []));
}

function flagOf(key: string, values: readonly string[]): boolean | undefined {
  if (values.length > 1) throw new NetError("invalid", `got more than one value for filter key "${key}"`);
  const value = values[0]?.toLowerCase();
  if (value === undefined) return undefined;
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new NetError("invalid", `invalid value for filter '${key}', must be "true" (or "1"), or "false" (or "0")`);
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  if (equals < 0) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, equals);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(equals + 1);
}

function untilOf(values: readonly string[]): bigint | undefined {
  if (values.length > 1) throw new NetError("invalid", "more than one until filter specified");
  const [value] = values;
  if (value === undefined) return undefined;
  const at = parseInstant(value);
  if (at === undefined)
    throw new NetError("invalid", `invalid value for filter 'until': ${value}`, { hint: "write a duration such as 24h or a time" });
  return at;
}
