import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import test from "ava";
import { closeFd, type Fd, openNs, socketIn, socketNumbers } from "../../native/index.ts";
import { createFrames, frame } from "../../src/dns/frames.ts";
import { startDns } from "../../src/dns/index.ts";
import { parseIp } from "../../src/model/address.ts";
import type { ResolverView } from "../../src/model/name.ts";
import { netns } from "../support/netns.ts";
import { addresses, ask, dnsSockets, fakeUpstream, parse, record, reply, view } from "../unit/dns/house.ts";

const { AF_INET, SOCK_DGRAM, SOCK_STREAM } = socketNumbers;

/** Where a sandbox's own upstream listens; the same address means another machine, or none, in every other namespace. */
const INNER: ResolverView["upstreams"][number] = { address: parseIp("127.0.0.53"), port: 5300, from: "sandbox" };
const INNER6 = { ...INNER, address: parseIp("::1") };

/** A sandbox in a namespace of its own. Its upstreams answer every name with `ip`. */
async function sandbox(ip: string) {
  const where = await netns("nl-dns");
  const nsFd = openNs(where.path);
  const upstreams = await Promise.all([INNER, INNER6].map((inner) => upstreamIn(nsFd, inner, ip)));
  return {
    nsFd,
    sockets: dnsSockets(nsFd),
    async [Symbol.asyncDispose]() {
      for (const upstream of upstreams) upstream.close();
      closeFd(nsFd);
      await where[Symbol.asyncDispose]();
    },
  };
}

async function upstreamIn(nsFd: Fd, at: typeof INNER, ip: string): Promise<{ close(): void }> {
  const { udpFd, tcpFd } = dnsSockets(nsFd, at.address, at.port);
  const udp = dgram.createSocket(at === INNER6 ? "udp6" : "udp4").bind({ fd: udpFd });
  udp.on("message", (query, from) => udp.send(reply(query, { ips: [ip] }), from.port, from.address));
  const tcp = net.createServer((socket) =>
    socket.on("data", (chunk: Buffer) => socket.end(frame(reply(chunk.subarray(2), { ips: [ip] })))),
  );
  tcp.listen({ fd: tcpFd });
  await once(tcp, "listening");
  return {
    close() {
      udp.close();
      tcp.close();
    },
  };
}

async function askUdp(nsFd: Fd, port: number, name: string): Promise<string[]> {
  const socket = dgram.createSocket("udp4").bind({ fd: socketIn(nsFd, AF_INET, SOCK_DGRAM, 0) });
  try {
    socket.send(ask(name), port, "127.0.0.11");
    const [answer, from] = await once(socket, "message", { signal: AbortSignal.timeout(8000) });
    return (from as dgram.RemoteInfo).address === "127.0.0.11" ? addresses(parse(answer as Buffer)) : ["from another address"];
  } finally {
    socket.close();
  }
}

async function askTcp(nsFd: Fd, port: number, name: string): Promise<string[]> {
  const socket = new net.Socket({ fd: socketIn(nsFd, AF_INET, SOCK_STREAM, 0) });
  const frames = createFrames(0xffff);
  socket.connect(port, "127.0.0.11");
  socket.write(frame(ask(name)));
  try {
    const [answer] = frames.push((await once(socket, "data", { signal: AbortSignal.timeout(8000) }))[0] as Buffer);
    return addresses(parse(answer ?? 0));
  } finally {
    socket.destroy();
  }
}

test("two sandboxes with the same address and name each get their own answer", async (t) => {
  await using one = await sandbox("198.51.100.1");
  await using two = await sandbox("198.51.100.2");
  const dns = await startDns();
  t.teardown(() => dns.close());
  await dns.set([record("a", "first", ["web"], "10.0.0.2"), record("b", "second", ["web"], "10.0.0.3")]);
  await dns.serve({ ...view(["first"]), sandboxId: "one" }, one.sockets);
  await dns.serve({ ...view(["second"]), sandboxId: "two" }, two.sockets);
  t.deepEqual(await askUdp(one.nsFd, one.sockets.udpPort, "web"), ["10.0.0.2"]);
  t.deepEqual(await askUdp(two.nsFd, two.sockets.udpPort, "web"), ["10.0.0.3"]);
  t.deepEqual(await askTcp(two.nsFd, two.sockets.tcpPort, "web.second"), ["10.0.0.3"]);
});

test("queries leave from the namespace that the upstream says", async (t) => {
  await using outer = await fakeUpstream((query) => reply(query, { ips: ["198.51.100.9"] }));
  await using one = await sandbox("198.51.100.1");
  await using two = await sandbox("198.51.100.2");
  const dns = await startDns();
  t.teardown(() => dns.close());
  await dns.serve({ ...view([], { upstreams: [INNER] }), sandboxId: "one" }, one.sockets);
  await dns.serve({ ...view([], { upstreams: [{ ...INNER, from: "host" }, outer.upstream] }), sandboxId: "two" }, two.sockets);
  t.deepEqual(await askUdp(one.nsFd, one.sockets.udpPort, "udp.example"), ["198.51.100.1"]);
  t.deepEqual(await askTcp(one.nsFd, one.sockets.tcpPort, "tcp.example"), ["198.51.100.1"]);
  t.deepEqual(await askUdp(two.nsFd, two.sockets.udpPort, "udp.example"), ["198.51.100.9"]);

  await dns.serve({ ...view([], { upstreams: [INNER] }), sandboxId: "two" });
  t.deepEqual(await askUdp(two.nsFd, two.sockets.udpPort, "udp.example"), ["198.51.100.2"]);
  await dns.serve({ ...view([], { upstreams: [INNER6] }), sandboxId: "two" });
  t.deepEqual(await askUdp(two.nsFd, two.sockets.udpPort, "udp.example"), ["198.51.100.2"]);
  t.deepEqual(await askTcp(two.nsFd, two.sockets.tcpPort, "tcp.example"), ["198.51.100.2"]);
  await dns.serve({ ...view([], { upstreams: [{ ...outer.upstream, from: "sandbox" }] }), sandboxId: "two" });
  t.deepEqual(await askUdp(two.nsFd, two.sockets.udpPort, "udp.example"), []);
});

test("our own address is no upstream inside, or we would ask ourselves", async (t) => {
  await using one = await sandbox("198.51.100.1");
  const dns = await startDns();
  t.teardown(() => dns.close());
  const self = { address: parseIp("127.0.0.11"), port: one.sockets.udpPort, from: "sandbox" as const };
  await dns.serve({ ...view([], { upstreams: [self, INNER] }), sandboxId: "one" }, one.sockets);
  t.deepEqual(await askUdp(one.nsFd, one.sockets.udpPort, "a.example"), ["198.51.100.1"]);
});
