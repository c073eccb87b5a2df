import type { FastifyReply } from "fastify";
import { CODES, messageOf, NetError } from "../model/errors.ts";
import type { Log } from "../model/log.ts";

/** Answers `{"message"}` with the status of the error's code; `hint` is a member more, which Docker's clients skip. */
export function sendError(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  const status = statusOf(error);
  if (status >= 500)
    log.error("request failed", { method: reply.request.method, url: reply.request.originalUrl, status, error: chainOf(error) });
  return reply.code(status).send(errorBody(error));
}

export function errorBody(error: unknown): { message: string; hint?: string } {
  const hint = error instanceof NetError ? error.hint : undefined;
  return { message: messageOf(error), ...(hint === undefined ? {} : { hint }) };
}

/** The framework's own refusals (a bad URL, a body that is too long) bring their status; what nobody foresaw is 500. */
export function statusOf(error: unknown): number {
  if (error instanceof NetError) return CODES[error.code].http;
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}

/** Several problems as Docker lists them: one follows its heading on the next line, more get a star each. */
export function joinProblems(heading: string, problems: readonly string[]): NetError {
  const lines = problems.length === 1 ? problems : problems.map((problem) => `* ${problem}`);
  return new NetError("invalid", `${heading}\n${lines.join("\n")}`);
}

/** Collects what `parse` throws, so that a person reads all problems at once. */
export function attempt<T>(problems: string[], parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

/** An error and what it was caused by, outermost first. A foreseen error needs no stack. */
function chainOf(error: unknown): string[] {
  const texts: string[] = [];
  for (let at: unknown = error; at !== undefined && texts.length < 8; at = (at as { cause?: unknown }).cause) {
    texts.push(at instanceof NetError ? at.message : at instanceof Error ? (at.stack ?? at.message) : String(at));
    if (!(at instanceof Error)) break;
  }
  return texts;
}
