import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/**
 * A request's body as a stream of its own, for readers that may give up in the middle. What the client still sends then is read and
 * dropped: with a connection that breaks under its hands it would not get to read the answer that says why.
 */
export function uploadOf(request: IncomingMessage): Readable {
  return Readable.from(piecesOf(request), { objectMode: false });
}

async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } finally {
    request.resume();
  }
}
