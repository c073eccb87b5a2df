/** The thread that answers names: messages in, replies out, in order. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { messageOf, NetError } from "../model/errors.ts";
import type { Envelope, Reply, Request } from "./messages.ts";
import { createServer, type Server } from "./server.ts";

if (!parentPort) throw new NetError("internal", "the DNS server runs in a worker thread only");
answer(parentPort, createServer());

/** One after the other, so that a `stop` behind a `serve` finds what it is to stop. */
function answer(port: MessagePort, server: Server): void {
  let last = Promise.resolve();
  port.on("message", (envelope: Envelope) => {
    last = last.then(() => obey(server, envelope)).then((reply) => port.postMessage(reply));
  });
  port.postMessage({ number: 0 } satisfies Reply);
}

async function obey(server: Server, { number, request }: Envelope): Promise<Reply> {
  try {
    await run(server, request);
    return { number };
  } catch (error) {
    return { number, error: { code: error instanceof NetError ? error.code : "internal", message: messageOf(error) } };
  }
}

async function run(server: Server, request: Request): Promise<void> {
  switch (request.verb) {
    case "set":
      return server.set(request.records);
    case "change":
      return server.change(request.put, request.drop);
    case "serve":
      return server.serve(request.view, request.sockets);
    case "stop":
      return server.stop(request.sandboxId);
    case "close":
      return server.close();
  }
}
