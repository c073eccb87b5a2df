import dgram from "node:dgram";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import net from "node:net";
import test from "ava";
import { Packet, TCPClient, UDPClient } from "dns2";
import { createFrames, frame } from "../../../src/dns/frames.ts";
import { startDns } from "../../../src/dns/index.ts";
import type { Dns, ResolverView } from "../../../src/model/name.ts";
import { addresses, ask, dnsSockets, fakeUpstream, parse, record, reply, view } from "./house.ts";

const OWN = "127.0.0.11";

/** A server with one sandbox on network `front`, where `web` lives. */
async function house(more: Partial<ResolverView> = {}) {
  const dns = await startDns();
  const sockets = dnsSockets();
  await dns.set([record("web", "front", ["web"], "10.0.0.2")]);
  await dns.serve(view(["front"], more), sockets);
  return {
    dns,
    ...sockets,
    udp: UDPClient({ dns: OWN, port: sockets.udpPort, timeout: 5000, retryOverTCP: false }),
    tcp: TCPClient({ dns: OWN, port: sockets.tcpPort }),
    [Symbol.asyncDispose]: () => dns.close(),
  };
}

/** Sends datagrams from one socket and gives the answers by their ids. */
async function burst(port: number, queries: Buffer[], timeoutMs = 5000): Promise<Map<number, Buffer>> {
  const socket = dgram.createSocket("udp4");
  const answers = new Map<number, Buffer>();
  const done = Promise.withResolvers<void>();
  const timer = setTimeout(done.resolve, timeoutMs);
  socket.on("message", (answer) => {
    answers.set(answer.readUInt16BE(0), answer);
    if (answers.size === queries.length) done.resolve();
  });
  socket.connect(port, OWN);
  await once(socket, "connect");
  for (const [id, query] of queries.entries()) {
    query.writeUInt16BE(id, 0);
    socket.send(query);
  }
  await done.promise;
  clearTimeout(timer);
  socket.close();
  return answers;
}

test("an independent client gets answers over UDP and TCP", async (t) => {
  await using box = await house();
  t.deepEqual(addresses(await box.udp("web", "A")), ["10.0.0.2"]);
  t.deepEqual(addresses(await box.tcp("Web.Front", "A")), ["10.0.0.2"]);
  t.like((await box.udp("2.0.0.10.in-addr.arpa", "PTR")).answers[0], { domain: "web.front" });
});

test("changes of names and of the view are seen as soon as they are done", async (t) => {
  await using box = await house();
  await box.dns.change([record("db", "back", ["db"], "10.1.0.2")], ["web"]);
  t.is((await box.udp("web", "A")).header.rcode, 3);
  t.is((await box.udp("db", "A")).header.rcode, 3);
  await box.dns.serve(view(["front", "back"]));
  t.deepEqual(addresses(await box.udp("db", "A")), ["10.1.0.2"]);
});

test("two sandboxes see their own networks", async (t) => {
  await using box = await house();
  const other = dnsSockets();
  await box.dns.serve({ ...view(["front"], { links: { store: "web" } }), sandboxId: "other" }, other);
  t.deepEqual(addresses(await UDPClient({ dns: OWN, port: other.udpPort })("store", "A")), ["10.0.0.2"]);
  t.is((await box.udp("store", "A")).header.rcode, 3);
});

test("without upstreams a single label does not exist, and of others nothing is known", async (t) => {
  await using box = await house();
  const answer = await box.udp("nobody", "A");
  t.is(answer.header.rcode, 3);
  t.is(answer.authorities[0]?.type, Packet.TYPE.SOA);
  t.is((await box.udp("example.com", "A")).header.rcode, 2);
  t.is((await box.udp("web", "A", Packet.CLASS.CH)).header.rcode, 5);
});

test("other names go to the upstream over the client's transport, and are kept", async (t) => {
  await using fake = await fakeUpstream((query, transport) =>
    reply(query, { ips: [transport === "udp" ? "198.51.100.1" : "198.51.100.2"] }),
  );
  await using box = await house({ upstreams: [fake.upstream] });
  t.deepEqual(addresses(await box.udp("one.example", "A")), ["198.51.100.1"]);
  t.deepEqual(addresses(await box.tcp("two.example", "A")), ["198.51.100.2"]);
  t.deepEqual(addresses(await box.udp("one.example", "A")), ["198.51.100.1"]);
  t.is(fake.heard.length, 2);
  await box.dns.serve(view(["front"], { upstreams: [fake.upstream] }));
  await box.udp("one.example", "A");
  t.is(fake.heard.length, 3);
});

test("a name of ours is never forwarded, whatever the type", async (t) => {
  await using fake = await fakeUpstream((query) => reply(query, { ips: ["198.51.100.1"] }));
  await using box = await house({ upstreams: [fake.upstream] });
  for (const type of ["A", "AAAA", "MX", "TXT"]) await box.udp("web", type);
  t.is(fake.heard.length, 0);
});

test("the upstream's NXDOMAIN and TC come through; a dead one is passed over", async (t) => {
  await using fake = await fakeUpstream((query) => {
    const answer = reply(query, { rcode: 3 });
    answer[2] = (answer[2] ?? 0) | 2;
    return answer;
  });
  const closed = await fakeUpstream(() => undefined);
  await closed[Symbol.asyncDispose]();
  await using box = await house({ upstreams: [closed.upstream, fake.upstream] });
  t.like((await box.udp("example.com", "A")).header, { rcode: 3, tc: 1 });
});

test("an answer that is longer than the client takes becomes TC", async (t) => {
  const ips = Array.from({ length: 40 }, (_, i) => `198.51.100.${i}`);
  await using fake = await fakeUpstream((query) => reply(query, { ips }));
  await using box = await house({ upstreams: [fake.upstream] });
  t.like((await box.udp("example.com", "A")).header, { tc: 1, ancount: 0 });
  t.is((await box.tcp("example.com", "A")).answers.length, 40);
});

test("queries that no upstream answers end with SERVFAIL, and one sandbox takes half of the places at most", async (t) => {
  await using fake = await fakeUpstream(() => undefined);
  await using box = await house({ upstreams: [fake.upstream] });
  const answers = await burst(
    box.udpPort,
    Array.from({ length: 600 }, (_, i) => ask(`n${i}.example.com`)),
    9000,
  );
  const codes = [...answers.values()].map((answer) => parse(answer).header.rcode);
  t.is(codes.filter((code) => code === 5).length, 600 - 512);
  t.is(codes.filter((code) => code === 2).length, 512);
});

test("no query is lost while names change", async (t) => {
  await using box = await house();
  const state = { on: true };
  const changing = (async () => {
    for (let i = 0; state.on; i++) await box.dns.change([record(`e${i % 50}`, "front", [`e${i}`], "10.0.0.9")], []);
  })();
  const all = Array.from({ length: 3000 }, (_, i) => record(`x${i}`, "front", [`x${i}`], "10.0.3.3"));
  for (let round = 0; round < 10; round++) {
    const setting = box.dns.set([...all, record("web", "front", ["web"], "10.0.0.2")]);
    const answers = await burst(
      box.udpPort,
      Array.from({ length: 100 }, () => ask("web")),
    );
    t.is(answers.size, 100);
    for (const answer of answers.values()) t.deepEqual(addresses(parse(answer)), ["10.0.0.2"]);
    await setting;
  }
  state.on = false;
  await changing;
});

test("garbage over UDP hurts nobody", async (t) => {
  await using box = await house();
  const bad = Array.from({ length: 200 }, (_, i) => Buffer.alloc(i % 2 === 0 ? 9000 : 2 + i, i));
  await burst(box.udpPort, bad, 100);
  t.deepEqual(addresses(await box.udp("web", "A")), ["10.0.0.2"]);
});

test("many queries on one connection, cut anywhere, and an end before the answers", async (t) => {
  await using fake = await fakeUpstream((query) => reply(query, { ips: ["198.51.100.1"] }));
  await using box = await house({ upstreams: [fake.upstream] });
  const socket = net.connect({ port: box.tcpPort, host: OWN, allowHalfOpen: true });
  const stream = Buffer.concat(Array.from({ length: 20 }, (_, i) => frame(ask(i % 2 === 0 ? "web" : `n${i}.example`))));
  socket.setNoDelay();
  for (let at = 0; at < stream.length; at += 7) socket.write(stream.subarray(at, at + 7));
  socket.end();
  const frames = createFrames(0xffff);
  const answers: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => answers.push(...frames.push(chunk)));
  await once(socket, "close");
  t.is(answers.length, 20);
  t.true(answers.every((answer) => parse(answer).answers.length === 1));
});

test("what is no DNS ends its connection only", async (t) => {
  await using box = await house();
  const socket = net.connect(box.tcpPort, OWN);
  socket.write("GET / HTTP/1.1\r\n\r\n");
  await once(socket, "close");
  t.deepEqual(addresses(await box.tcp("web", "A")), ["10.0.0.2"]);
});

test("a view for a sandbox that is not served is refused; stopping twice is stopping once", async (t) => {
  await using box = await house();
  await t.throwsAsync(box.dns.serve({ ...view([]), sandboxId: "nobody" }), { message: /nobody has no DNS sockets/ });
  await box.dns.stop("box");
  await box.dns.stop("box");
});

test.serial("stop and close give every descriptor back", async (t) => {
  const count = async () => (await readdir("/proc/self/fd")).length;
  const sandboxes = async (dns: Dns) => {
    for (let i = 0; i < 20; i++) await dns.serve({ ...view(["front"]), sandboxId: `box${i}` }, dnsSockets());
  };
  await (await startDns()).close();
  const before = await count();
  const dns = await startDns();
  await sandboxes(dns);
  const during = await count();
  await sandboxes(dns);
  t.is(await count(), during);
  for (let i = 0; i < 20; i++) await dns.stop(`box${i}`);
  t.is(await count(), during - 40);
  await sandboxes(dns);
  await dns.close();
  await dns.close();
  t.is(await count(), before);
  await t.throwsAsync(dns.set([]), { message: /has stopped/ });
});
