import { once } from "node:events";
import type { FastifyReply } from "fastify";
import { messageOf } from "../model/errors.ts";
import type { Log } from "../model/log.ts";
import type { Closing } from "./closing.ts";

/** An answer that goes on: events, logs, progress. */
export interface Stream {
  /** Resolves when the client has room for more: who writes no faster than this cannot be hurt by a slow client. */
  write(data: string | Uint8Array): Promise<void>;
  /** The client has gone, or the daemon closes: stop producing. */
  signal: AbortSignal;
}

/**
 * Answers 200 and sends the headers at once, because clients wait for them before they go on with other requests. Then `produce` writes;
 * the answer ends with it. An error can no longer be answered: it is logged, and the connection breaks, so that nobody takes half for all.
 */
export async function sendStream(
  reply: FastifyReply,
  contentType: string | undefined,
  house: { closing: Closing; log: Log },
  produce: (stream: Stream) => Promise<void>,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  const gone = new AbortController();
  // An error of the socket is followed by `close`, which says all there is to say.
  raw.on("close", () => gone.abort()).on("error", () => gone.abort());
  raw.writeHead(200, { ...reply.getHeaders(), ...(contentType && { "content-type": contentType }) } as Record<string, string>);
  raw.flushHeaders();
  const signal = AbortSignal.any([gone.signal, house.closing.signal]);
  try {
    await produce({
      signal,
      write(data) {
        const written = writeTo(raw, data, signal);
        // A chunk for each: clients read one JSON value from each, and Node would make one chunk of all that is written at a time.
        if (raw.writableCorked > 0) raw.uncork();
        return written;
      },
    });
    raw.end();
  } catch (error) {
    if (!signal.aborted) house.log.error("an answer broke off", { url: reply.request.originalUrl, error: messageOf(error) });
    raw.destroy();
  }
}

/** Writes, and waits while the other side has no room. */
export async function writeTo(output: NodeJS.WritableStream, data: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (signal.aborted || output.write(data)) return;
  try {
    await once(output, "drain", { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
