import type { IncomingMessage, Server } from "node:http";
import { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { readBytes } from "./body.ts";

/** A connection whose client asked to be rid of HTTP: what comes after the request is a plain stream both ways. */
export interface Upgrade {
  socket: Duplex;
  /** The first bytes after the request, where the parser has read them already. */
  head: Buffer;
}

/** Upgrade requests on their way through the router, by request. */
export type Upgrades = WeakMap<IncomingMessage, Upgrade>;

/**
 * Sends upgrade requests through the same router as all others, so that versions, paths and errors are the same: an error is answered
 * as usual on the connection, which then ends; only a route that takes the connection over makes a session of it.
 */
export function routeUpgrades(
  server: Server,
  upgrades: Upgrades,
  route: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  server.on("upgrade", (request, socket, head) => {
    upgrades.set(request, { socket, head });
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
    response.on("finish", () => {
      response.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
      socket.end();
    });
    // A client that goes away in the middle is no news.
    socket.on("error", () => socket.destroy());
    route(request, response);
  });
}

/**
 * The JSON body of an upgrade request. Node 26 gives it on the request; Node 24 leaves it in front of the stream, in `head` and in the
 * socket, from where it is taken by its length. [nodejs/node #60016]
 * @returns the body, and what of the stream has been read beyond it.
 */
export async function takeUpgradeBody(
  request: AsyncIterable<Buffer> & Pick<IncomingMessage, "headers">,
  upgrade: Upgrade,
): Promise<{ body: Buffer; head: Buffer }> {
  const length = Number(request.headers["content-length"] ?? 0);
  const body = await readBytes(request, request.headers["content-length"]);
  if (body.length >= length) return { body, head: upgrade.head };
  let read = upgrade.head;
  while (body.length + read.length < length) {
    const more = await nextBytes(upgrade.socket);
    if (more === undefined) break;
    read = Buffer.concat([read, more]);
  }
  const rest = length - body.length;
  return { body: Buffer.concat([body, read.subarray(0, rest)]), head: read.subarray(rest) };
}

/** What comes next; undefined at the end. Leaves the stream paused, so that nothing is lost before its next reader. */
function nextBytes(socket: Duplex): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const done = (bytes: Buffer | undefined, error?: Error) => {
      socket.off("readable", onReadable).off("end", onEnd).off("error", onError);
      if (error === undefined) resolve(bytes);
      else reject(error);
    };
    const onReadable = () => {
      const bytes = socket.read() as Buffer | null;
      if (bytes !== null) done(bytes);
    };
    const onEnd = () => done(undefined);
    const onError = (error: Error) => done(undefined, error);
    socket.on("readable", onReadable).on("end", onEnd).on("error", onError);
    onReadable();
  });
}
