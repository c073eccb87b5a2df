import { once } from "node:events";
import net from "node:net";
import test from "ava";
import { closeFd } from "../../../native/index.ts";
import { frame } from "../../../src/dns/frames.ts";
import { serveTcp, TCP_LIMITS } from "../../../src/dns/tcp.ts";
import { dnsSockets } from "./house.ts";

async function house(limits: Partial<typeof TCP_LIMITS>) {
  const { udpFd, tcpFd, tcpPort } = dnsSockets();
  closeFd(udpFd);
  const server = await serveTcp(tcpFd, (message) => message, { ...TCP_LIMITS, ...limits });
  return { connect: () => net.connect(tcpPort, "127.0.0.11"), [Symbol.dispose]: () => server.close() };
}

test("a client that never ends its query is not waited for, however often it sends a byte", async (t) => {
  using box = await house({ idleMs: 100 });
  const socket = box.connect().resume();
  const drip = setInterval(() => socket.write(Buffer.of(9)), 20);
  socket.on("error", () => {});
  await once(socket, "close");
  clearInterval(drip);
  t.pass();
});

test("one connection too many is closed, and the others are served", async (t) => {
  using box = await house({ connections: 2 });
  const good = [box.connect(), box.connect()];
  await Promise.all(good.map((socket) => once(socket, "connect")));
  const late = box.connect();
  late.on("error", () => {});
  await once(late, "close");
  for (const socket of good) {
    socket.write(frame(Buffer.from("hello")));
    t.is(String((await once(socket, "data"))[0]).slice(2), "hello");
    socket.destroy();
  }
});

test("a client that does not read its answers is not read from", async (t) => {
  using box = await house({});
  const socket = box.connect();
  socket.pause();
  const query = frame(Buffer.alloc(4000));
  const tooMuch = 64e6;
  const drained = () => once(socket, "drain", { signal: AbortSignal.timeout(300) }).catch(() => undefined);
  let sent = 0;
  while (sent < tooMuch && (socket.write(query) || (await drained()))) sent += query.length;
  t.true(sent < tooMuch, "the server took all");
  socket.destroy();
});
