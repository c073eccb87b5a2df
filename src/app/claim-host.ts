import { once } from "node:events";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { messageOf, NetError } from "../model/errors.ts";

/** An abstract socket: it belongs to one network namespace and goes with the process that holds it. [unix(7)] */
const ADDRESS = "\0netloomd";
const ANSWER_MS = 1000;

/**
 * Makes us the one daemon of this network namespace: a second one, whatever its folders, would set its own rules and bridge in place of ours.
 * @throws conflict naming the process that was first.
 */
export async function claimHost(): Promise<{ close(): void }> {
  const server = createServer((socket) => socket.on("error", () => socket.destroy()).end(`${process.pid}`));
  try {
    await once(server.listen(ADDRESS), "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new NetError("conflict", `this network namespace is served by another netloomd already: ${await holder()}`, {
      hint: "stop it, or start this one in a network namespace of its own: unshare --net netloomd ...",
      cause: error,
    });
  }
  server.on("error", () => undefined).unref();
  return { close: () => void server.close() };
}

async function holder(): Promise<string> {
  const socket = connect(ADDRESS).setTimeout(ANSWER_MS);
  socket.on("timeout", () => socket.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
  return text(socket).then((pid) => `process ${pid}`, messageOf);
}
