import { once } from "node:events";
import net from "node:net";
import { createFrames, frame } from "./frames.ts";

/** `idleMs`: a connection without an answer for so long is closed. [RFC 7766 6.2.3] */
export const TCP_LIMITS = { idleMs: 10_000, connections: 64, pendingPerConnection: 32, queryBytes: 4096 };

export interface TcpServer {
  /** Ends the connections too. */
  close(): void;
}

/**
 * Answers queries on the listening socket `fd`, which it owns. Queries on one connection may be sent without waiting, and are answered as
 * answers come. [RFC 7766 6.2.1.1] `answer` gives undefined for what deserves none.
 * @throws the error of listening
 */
export async function serveTcp(
  fd: number,
  answer: (message: Buffer) => Buffer | undefined | Promise<Buffer | undefined>,
  limits = TCP_LIMITS,
): Promise<TcpServer> {
  const connections = new Set<net.Socket>();
  // Half open: a client may say that it has no more questions before it has all answers.
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    converse(socket, answer, limits);
  });
  server.maxConnections = limits.connections;
  server.listen({ fd });
  await once(server, "listening");
  // Such as EMFILE in accept: the next client may have more luck, and this one sees its connection closed.
  server.on("error", (error) => process.emitWarning(error));
  return {
    close() {
      server.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

function converse(
  socket: net.Socket,
  answer: (message: Buffer) => Buffer | undefined | Promise<Buffer | undefined>,
  limits: typeof TCP_LIMITS,
): void {
  const frames = createFrames(limits.queryBytes);
  // Not socket.setTimeout, which a client that sends a byte now and then would keep from ever coming.
  const idle = setTimeout(() => socket.destroy(), limits.idleMs);
  let pending = 0;
  let asked = true;

  socket.on("data", (chunk) => {
    for (const message of cut(chunk as Buffer)) void reply(message);
    pace();
  });
  socket.on("end", () => {
    asked = false;
    pace();
  });
  socket.on("drain", pace);
  // A client that went away is no error of ours; "close" follows.
  socket.on("error", () => {});
  socket.on("close", () => clearTimeout(idle));

  function cut(chunk: Buffer): Buffer[] {
    try {
      return frames.push(chunk);
    } catch {
      // No query is that long, so what follows is not DNS.
      socket.destroy();
      return [];
    }
  }

  async function reply(message: Buffer): Promise<void> {
    pending++;
    try {
      const bytes = await answer(message);
      if (!bytes || !socket.writable) return;
      socket.write(frame(bytes));
      idle.refresh();
    } finally {
      pending--;
      pace();
    }
  }

  /** Reads no further while a client leaves its answers lying or has enough questions open; ends when all is answered. */
  function pace(): void {
    if (socket.destroyed) return;
    if (!asked && pending === 0) socket.end();
    if (pending >= limits.pendingPerConnection || socket.writableNeedDrain) socket.pause();
    else socket.resume();
  }
}
