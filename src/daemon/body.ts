import type { FastifyRequest } from "fastify";
import type { Static, TSchema } from "typebox";
import type { Validator } from "typebox/compile";
import { messageOf, NetError } from "../model/errors.ts";

/** The longest JSON body that is read. The longest one that a client sends, `containers/create`, is some 10 KB. */
export const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

/** What reading a request's body takes: also an upgrade request has one, see hijack.ts. */
export interface JsonSource {
  contentType: string | undefined;
  /** Undefined when there is no body at all. */
  bytes: Buffer | undefined;
}

/** A body that is too long; the status is HTTP's own. */
class BodyTooLarge extends Error {
  readonly statusCode = 413;
}

/**
 * The JSON body of a request, checked against its schema; unknown members are ignored.
 * @returns undefined when there is no body: what that means is the route's to say.
 * @throws invalid in dockerd's words for a wrong Content-Type, broken JSON, or content after it.
 */
export async function readJson<T extends TSchema>(
  request: FastifyRequest,
  schema: Validator<Record<never, never>, T>,
): Promise<Static<T> | undefined> {
  const bytes = await readBytes(request.raw, request.headers["content-length"]);
  return parseJson({ contentType: request.headers["content-type"], bytes }, schema);
}

/** @throws invalid, see readJson */
export function parseJson<T extends TSchema>(source: JsonSource, schema: Validator<Record<never, never>, T>): Static<T> | undefined {
  if (source.bytes === undefined || source.bytes.length === 0) return undefined;
  checkContentType(source.contentType ?? "");
  const value = parse(source.bytes.toString("utf8"));
  if (value === null) return undefined;
  if (schema.Check(value)) return value as Static<T>;
  throw new NetError("invalid", `invalid JSON: ${complaint(schema.Errors(value))}`);
}

/** @throws 413 as soon as the limit is passed, so that nobody fills our memory. */
export async function readBytes(stream: AsyncIterable<Buffer>, contentLength: string | undefined): Promise<Buffer> {
  const tooLarge = () => new BodyTooLarge(`request body too large: the limit is ${BODY_LIMIT_BYTES} bytes`);
  if (Number(contentLength ?? 0) > BODY_LIMIT_BYTES) throw tooLarge();
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream) {
    length += piece.length;
    if (length > BODY_LIMIT_BYTES) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function checkContentType(header: string): void {
  if (mediaType(header) !== "application/json") throw notJson(header);
}

/** What dockerd says of a Content-Type that is not JSON's. */
export function notJson(header: string): NetError {
  const type = mediaType(header);
  if (type === "") return new NetError("invalid", `malformed Content-Type header (${header}): mime: no media type`);
  return new NetError("invalid", `unsupported Content-Type header (${type}): must be 'application/json'`);
}

function mediaType(header: string): string {
  return header.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const words = messageOf(error);
    if (words.startsWith("Unexpected non-whitespace character after JSON")) throw new NetError("invalid", "unexpected content after JSON");
    const ended = words.startsWith("Unexpected end") || words.startsWith("Unterminated string");
    throw new NetError("invalid", `invalid JSON: ${ended ? "unexpected EOF" : words}`);
  }
}

/** The first complaint that says what was wanted; that `null` would do too helps nobody. */
function complaint(errors: readonly { instancePath: string; message: string; params: object }[]): string {
  const useful = errors.find((error) => !("type" in error.params && error.params.type === "null")) ?? errors[0];
  return useful === undefined ? "unexpected content" : `${useful.instancePath.slice(1).replaceAll("/", ".") || "body"} ${useful.message}`;
}
