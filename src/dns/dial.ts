import dgram from "node:dgram";
import net from "node:net";
import { familyOf, type Ip } from "../model/address.ts";
import { messageOf } from "../model/errors.ts";
import type { ResolverView } from "../model/name.ts";
import { createFrames, frame } from "./frames.ts";
import { closeFd, type Fd, socketBeside } from "./native-udp.ts";

export type Upstream = ResolverView["upstreams"][number];
export type Transport = "udp" | "tcp";

/** One query on its way to one server. Closing is how to stop waiting, and must be done after an answer too. */
export interface Call {
  close(): void;
}

/**
 * Sends a query and hears every message that comes back, or the error that ended it. Nothing is heard before this returns, nor after `close`.
 * A datagram socket is new for each query and connected, so its port is random and the kernel drops what others send. [RFC 5452 9.2]
 */
export type Dial = (upstream: Upstream, transport: Transport, query: Buffer, heard: (result: Buffer | Error) => void) => Call;

/** Dials out of the host's namespace, or out of that in which the socket `sandboxFd` lives, as the upstream asks. */
export function createDial(sandboxFd: Fd): Dial {
  return (upstream, transport, query, heard) => {
    const call = { open: true, shut: () => {} };
    const tell = (result: Buffer | Error) => {
      if (call.open) heard(result);
    };
    try {
      const fd = upstream.from === "sandbox" ? socketBeside(sandboxFd, familyOf(upstream.address), transport) : undefined;
      call.shut = (transport === "udp" ? openUdp : openTcp)(upstream, fd, query, tell);
    } catch (error) {
      // Such as EMFILE: an upstream that cannot be asked is one that does not answer.
      setImmediate(tell, error instanceof Error ? error : new Error(messageOf(error)));
    }
    return {
      close() {
        if (!call.open) return;
        call.open = false;
        call.shut();
      },
    };
  };
}

/** dgram looks up even what is an address already; this way it need not ask a pool thread. */
function already(address: Ip, _options: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, familyOf(address));
}

function openUdp(upstream: Upstream, fd: Fd | undefined, query: Buffer, heard: (result: Buffer | Error) => void): () => void {
  const lookup = already as unknown as NonNullable<dgram.SocketOptions["lookup"]>;
  const socket = dgram.createSocket({ type: familyOf(upstream.address) === 6 ? "udp6" : "udp4", lookup });
  socket.on("message", heard);
  socket.on("error", heard);
  socket.on("connect", () => socket.send(query, (error) => error && heard(error)));
  if (fd !== undefined) handOver(fd, () => socket.bind({ fd }));
  socket.connect(upstream.port, upstream.address);
  return () => socket.close();
}

function openTcp(upstream: Upstream, fd: Fd | undefined, query: Buffer, heard: (result: Buffer | Error) => void): () => void {
  const socket = fd === undefined ? new net.Socket() : handOver(fd, () => new net.Socket({ fd }));
  const frames = createFrames(0xffff);
  socket.on("data", (chunk) => {
    for (const message of frames.push(chunk as Buffer)) heard(message);
  });
  socket.on("error", heard);
  socket.on("end", () => heard(new Error(`${upstream.address} closed the connection before it answered`)));
  socket.connect({ host: upstream.address, port: upstream.port });
  socket.write(frame(query));
  return () => socket.destroy();
}

/** Node owns the descriptor when `take` returns, and has not touched it when it throws. */
function handOver<T>(fd: Fd, take: () => T): T {
  try {
    return take();
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}
