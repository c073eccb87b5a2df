import type { Streamed } from "./answers.ts";

/** What the client is told to do, and what goes over the wire then. */
export interface Step {
  /** As it is typed at a shell; or a raw request, `POST /v1.51/networks/create`. `{name}` in it is the id of what was made under that name. */
  line: string;
  /** Of a raw request. */
  body?: string;
  /** Of a raw request; without any, a body comes as application/json. */
  headers?: Record<string, string>;
  /** Exit status of the client; default 0. */
  exit?: number;
  /** What the client prints, standard output first, where it is worth a look. */
  prints?: string;
  wire: Said[];
  /** The client asks for several things at once. */
  anyOrder?: boolean;
}

export type Said = [request: string, status: number, answer?: Answer];

/**
 * A plain value is JSON, in this order of members, and null, {} and [] are different things; undefined is an answer with neither a type
 * nor a body.
 */
export type Answer = object | string | null | Streamed | undefined;

const INSTEAD = Symbol("instead");

interface Instead {
  [INSTEAD]: { recorded: unknown; ours: unknown; because: string };
}

/** Stands for a member that is not there. */
export const ABSENT = undefined;

/** A difference by design: what dockerd was recorded to say, what netloom says, and why. It may stand anywhere in an answer. */
// biome-ignore lint/suspicious/noExplicitAny: it takes the place of a value of any type
export function instead(recorded: unknown, ours: unknown, because: string): any {
  const difference: Instead = { [INSTEAD]: { recorded, ours, because } };
  return difference;
}

/** The value with netloom's side of every difference. */
export function resolved(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (INSTEAD in value) return resolved((value as Instead)[INSTEAD].ours);
  if (Array.isArray(value)) return value.map(resolved);
  if (Object.getOwnPropertySymbols(value).length > 0) return value;
  const members = Object.entries(value).map(([key, inner]) => [key, resolved(inner)] as const);
  return Object.fromEntries(members.filter(([, inner]) => inner !== ABSENT));
}
