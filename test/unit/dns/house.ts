import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { Packet } from "dns2";
import { bindSocket, closeFd, type Fd, HERE, listen, localPort, socketIn, socketNumbers } from "../../../native/index.ts";
import { createAnswerer } from "../../../src/dns/answer.ts";
import { sightOf } from "../../../src/dns/view.ts";
import { newQuery } from "../../../src/dns/wire.ts";
import { createZone, type Zone } from "../../../src/dns/zone.ts";
import { ipBytes, parseIp } from "../../../src/model/address.ts";
import type { DnsSockets } from "../../../src/model/kernel.ts";
import type { NameRecord, ResolverView } from "../../../src/model/name.ts";

/** A name on a network: `record("web", "front", ["web", "www"], "10.0.0.2")`. */
export function record(endpointId: string, networkId: string, names: string[], ...ips: string[]): NameRecord {
  const addresses = ips.map(parseIp);
  const ipv4 = addresses.find((ip) => !ip.includes(":"));
  const ipv6 = addresses.find((ip) => ip.includes(":"));
  return { endpointId, networkId, names, ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) };
}

/** A sandbox on these networks, whose ids are their names. */
export function view(networks: string[], more: Partial<ResolverView> = {}): ResolverView {
  return { sandboxId: "box", networks: networks.map((name) => ({ id: name, name })), links: {}, upstreams: [], ndotsSet: false, ...more };
}

export function zoneOf(...records: NameRecord[]): Zone {
  const zone = createZone();
  zone.set(records);
  return zone;
}

/** A query as dns2 writes it. */
export function ask(
  name: string,
  type: keyof typeof Packet.TYPE = "A",
  edns?: { udpPayloadSize?: number; version?: number; doFlag?: boolean },
): Buffer {
  const packet = new Packet();
  packet.header.id = 0x1234;
  packet.header.rd = 1;
  packet.questions.push({ name, class: Packet.CLASS.IN, type: Packet.TYPE[type] } as Packet["questions"][number]);
  if (edns) packet.additionals.push(Packet.Resource.EDNS([], edns));
  return packet.toBuffer();
}

/** The bytes that an answerer of this sandbox sends back over UDP; a number when it sends none. */
export function answerOf(zone: Zone, sandbox: ResolverView, message: Buffer, transport: "udp" | "tcp" = "udp"): Buffer | number {
  const out = Buffer.alloc(0xffff);
  const bytes = createAnswerer(zone, sightOf(sandbox)).answer(message, 0, message.length, newQuery(), out, 0, out.length, transport);
  return bytes > 0 ? out.subarray(0, bytes) : bytes;
}

export function parse(bytes: Buffer | number): Packet {
  if (!Buffer.isBuffer(bytes)) throw new Error(`no answer: ${bytes}`);
  const packet = Packet.parse(bytes);
  if (packet.errors.length > 0) throw new Error(packet.errors.map((error) => error.message).join("; "));
  return packet;
}

export function addresses(packet: Packet): string[] {
  return packet.answers.map((answer) => String(answer.address));
}

/** UDP and TCP on 127.0.0.11, as the kernel room makes them in a sandbox; here, or in the namespace `nsFd`. */
export function dnsSockets(nsFd: Fd = HERE, ip = "127.0.0.11", port = 0): DnsSockets & { udpPort: number; tcpPort: number } {
  const open = (type: number) => {
    const fd = socketIn(nsFd, ip.includes(":") ? socketNumbers.AF_INET6 : socketNumbers.AF_INET, type, 0);
    bindSocket(fd, Buffer.from(ipBytes(parseIp(ip))), port, {});
    return fd;
  };
  const udpFd = open(socketNumbers.SOCK_DGRAM);
  const tcpFd = open(socketNumbers.SOCK_STREAM);
  listen(tcpFd, 128);
  return { udpFd, tcpFd, close: () => [udpFd, tcpFd].forEach(closeFd), udpPort: localPort(udpFd), tcpPort: localPort(tcpFd) };
}

/** A server that does with each query what the test says: the reply, or nothing. */
export interface FakeUpstream extends AsyncDisposable {
  upstream: ResolverView["upstreams"][number];
  /** The queries that came, oldest first. */
  heard: Buffer[];
}

export async function fakeUpstream(reply: (query: Buffer, transport: "udp" | "tcp") => Buffer | undefined): Promise<FakeUpstream> {
  const heard: Buffer[] = [];
  const tcp = net.createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      heard.push(chunk.subarray(2));
      const bytes = reply(chunk.subarray(2), "tcp");
      if (bytes) socket.write(Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]));
    });
  });
  tcp.listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as net.AddressInfo;
  const udp = dgram.createSocket("udp4");
  udp.on("message", (query, from) => {
    heard.push(query);
    const bytes = reply(query, "udp");
    if (bytes) udp.send(bytes, from.port, from.address);
  });
  udp.bind(port, "127.0.0.1");
  await once(udp, "listening");
  return {
    upstream: { address: parseIp("127.0.0.1"), port, from: "host" },
    heard,
    async [Symbol.asyncDispose]() {
      udp.close();
      tcp.close();
    },
  };
}

/** An upstream's answer to a query: these addresses, or this code. */
export function reply(query: Buffer, answer: { ips?: string[]; rcode?: number; ttl?: number }): Buffer {
  const asked = Packet.parse(query);
  const packet = Packet.createResponseFromRequest(asked);
  packet.header.ra = 1;
  packet.header.rcode = answer.rcode ?? 0;
  const question = asked.questions[0];
  for (const address of answer.ips ?? []) {
    if (question)
      packet.answers.push({
        name: question.name,
        type: Packet.TYPE.A,
        class: 1,
        ttl: answer.ttl ?? 60,
        address,
      } as Packet["answers"][number]);
  }
  return packet.toBuffer();
}
