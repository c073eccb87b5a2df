import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, isIPv6, type Socket } from "node:net";
import type { Answer, Reply, Request } from "./peer.ts";

// The process behind peer.ts; it lives in the namespace of one peer and does what its parent asks for.

const held: Socket[] = [];

process.on("message", async (request: Request) => {
  reply(
    await perform(request).then(
      (value) => ({ id: request.id, value }),
      (error: Error) => ({ id: request.id, error: error.message }),
    ),
  );
});
process.on("disconnect", () => process.exit());
reply({ id: 0 });

function reply(message: Reply): void {
  process.send?.(message);
}

async function perform(request: Request): Promise<unknown> {
  switch (request.verb) {
    case "serve":
      return request.protocol === "tcp" ? serveTcp(request.port, request.ip) : serveUdp(request.port, request.ip);
    case "ask":
      return request.protocol === "tcp"
        ? askTcp(request.ip, request.port, request.timeoutMs)
        : askUdp(request.ip, request.port, request.timeoutMs);
    case "hold":
      return hold(request.ip, request.port, request.timeoutMs);
    case "say":
      return say(held[request.held], request.timeoutMs);
  }
}

/** Every message is answered with the address that it came from. */
async function serveTcp(port: number, ip = "::"): Promise<void> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.write(plain(socket.remoteAddress ?? "")));
  });
  server.listen(port, ip);
  await once(server, "listening");
}

async function serveUdp(port: number, ip = "::"): Promise<void> {
  const socket = createSocket(isIPv6(ip) ? "udp6" : "udp4");
  socket.on("message", (_, sender) => socket.send(plain(sender.address), sender.port, sender.address));
  socket.bind(port, ip);
  await once(socket, "listening");
}

async function askTcp(ip: string, port: number, timeoutMs: number): Promise<Answer> {
  const socket = connect(port, ip);
  try {
    return await say(socket, timeoutMs);
  } finally {
    socket.destroy();
  }
}

async function askUdp(ip: string, port: number, timeoutMs: number): Promise<Answer> {
  const socket = createSocket(isIPv6(ip) ? "udp6" : "udp4");
  try {
    socket.connect(port, ip);
    await once(socket, "connect");
    const answer = once(socket, "message", { signal: AbortSignal.timeout(timeoutMs) });
    socket.send("?");
    return { from: String((await answer)[0]) };
  } catch (error) {
    return failure(error);
  } finally {
    socket.close();
  }
}

async function hold(ip: string, port: number, timeoutMs: number): Promise<number> {
  const socket = connect(port, ip);
  await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
  return held.push(socket) - 1;
}

async function say(socket: Socket | undefined, timeoutMs: number): Promise<Answer> {
  if (socket === undefined) throw new Error("no such connection");
  try {
    const answer = once(socket, "data", { signal: AbortSignal.timeout(timeoutMs) });
    socket.write("?");
    return { from: String((await answer)[0]) };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): Answer {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code === "ABORT_ERR") return { failed: "timeout" };
  if (code === "ECONNREFUSED") return { failed: "refused" };
  if (["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EINVAL", "ECONNRESET"].includes(code)) return { failed: "unreachable" };
  throw error;
}

/** A socket of both families shows IPv4 as `::ffff:192.0.2.1`. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
