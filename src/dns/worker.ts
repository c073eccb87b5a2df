/** The thread that answers names: messages in, replies out, in order. */
import { parentPort } from "node:worker_threads";
import { messageOf, NetError } from "../model/errors.ts";
import type { Envelope, Reply, Request } from "./messages.ts";
import { createServer } from "./server.ts";

if (!parentPort) throw new NetError("internal", "the DNS server runs in a worker thread only");
const port = parentPort;
const server = createServer();
let last = Promise.resolve();

/** One after the other, so that a `stop` behind a `serve` finds what it is to stop. */
port.on("message", (envelope: Envelope) => {
  last = last.then(() => obey(envelope)).then((reply) => port.postMessage(reply));
});
port.postMessage({ number: 0 } satisfies Reply);

async function obey({ number, request }: Envelope): Promise<Reply> {
  try {
    await run(request);
    return { number };
  } catch (error) {
    return { number, error: { code: error instanceof NetError ? error.code : "internal", message: messageOf(error) } };
  }
}

async function run(request: Request): Promise<void> {
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
