import { NetError } from "./errors.ts";

/** 64 lower-case hex digits, as Docker's ids. */
export type Id = string;

export function newId(): Id {
  return hex(crypto.getRandomValues(new Uint8Array(32)));
}

/** The first 12 digits: what people see and type. */
export function shortId(id: Id): string {
  return id.slice(0, 12);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/**
 * Finds what a person meant: full id, then full name, then a unique prefix of the id.
 * @returns undefined when nothing fits.
 * @throws invalid when a name or a prefix fits several.
 */
export function lookUp<T extends { id: Id; name: string }>(kind: string, rows: Iterable<T>, ref: string): T | undefined {
  const named: T[] = [];
  const prefixed: T[] = [];
  for (const row of rows) {
    if (row.id === ref) return row;
    if (row.name === ref) named.push(row);
    if (ref !== "" && row.id.startsWith(ref)) prefixed.push(row);
  }
  if (named.length > 1) throw new NetError("invalid", `${kind} ${ref} is ambiguous (${named.length} matches found on name)`);
  if (named.length === 1) return named[0];
  if (prefixed.length > 1) {
    throw new NetError("invalid", `${kind} ${ref} is ambiguous (${prefixed.length} matches found based on ID prefix)`);
  }
  return prefixed[0];
}
