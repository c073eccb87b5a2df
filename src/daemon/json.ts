const ESCAPES: Record<string, string> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029" };

/** JSON as a Go encoder writes it, without the line end: `<`, `>` and `&` are escaped, so that clients may compare bytes. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => ESCAPES[char] ?? char);
}

/** One line of a JSON stream such as /events and /stats. */
export function jsonLine(value: unknown): string {
  return `${goJson(value)}\n`;
}

/** One line of a progress stream such as /images/load: these end in CR LF. */
export function progressLine(value: unknown): string {
  return `${goJson(value)}\r\n`;
}

/** The same members in the order of their names, as Go writes its maps. */
export function sorted<T>(record: Readonly<Record<string, T>> | null | undefined): Record<string, T> {
  return Object.fromEntries(Object.entries(record ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** An integer of any size as JSON digits: a number as far as numbers are exact. [proposal-json-parse-with-source] */
export function jsonInteger(value: bigint): unknown {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
}
