/**
 * The one table of what can go wrong. A face looks its own number up here: the HTTP status of the Docker API, the code of the CNI
 * specification, the exit status of the command line.
 */
export const CODES = {
  invalid: { http: 400, cni: 7, exit: 2 },
  forbidden: { http: 403, cni: 100, exit: 1 },
  notFound: { http: 404, cni: 3, exit: 1 },
  conflict: { http: 409, cni: 100, exit: 1 },
  internal: { http: 500, cni: 999, exit: 1 },
  unsupported: { http: 501, cni: 2, exit: 1 },
  unavailable: { http: 503, cni: 11, exit: 1 },
} as const;

export type Code = keyof typeof CODES;

/** The only error that crosses rooms. `message` has the values, `hint` says what to do, `cause` keeps what was caught. */
export class NetError extends Error {
  readonly code: Code;
  readonly hint: string | undefined;

  constructor(code: Code, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "NetError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** Adds what was being done to an error and keeps its code: `wrap("failed to set up container networking", e)` reads "a: b". */
export function wrap(doing: string, error: unknown): NetError {
  const hint = error instanceof NetError ? error.hint : undefined;
  const code = error instanceof NetError ? error.code : "internal";
  return new NetError(code, `${doing}: ${messageOf(error)}`, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

/** The words of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
