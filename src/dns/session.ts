import { type Answerer, FORWARD } from "./answer.ts";
import { createDial, type Transport, type Upstream } from "./dial.ts";
import { createForwarder } from "./forward.ts";
import type { Fds } from "./messages.ts";
import { type Batch, SLOT_BYTES } from "./native-udp.ts";
import type { Share } from "./quota.ts";
import { writeRefusal } from "./reply.ts";
import { serveTcp } from "./tcp.ts";
import { type Query, RCODE, readQuery } from "./wire.ts";

/** What the sessions of a thread share, since it does one thing at a time. */
export interface Desk {
  batch: Batch;
  query: Query;
  /** Room for one answer over TCP. */
  scratch: Buffer;
}

/** How a sandbox sees names. */
export interface Outlook {
  /** Equal for equal answers. */
  signature: string;
  answerer: Answerer;
  upstreams: readonly Upstream[];
}

/** One sandbox that is being answered. */
export interface Session {
  readonly outlook: Outlook;
  /** From the next query on. */
  change(outlook: Outlook): void;
  close(): void;
}

/** Answers on the sockets, which it owns from here on. @throws SystemError */
export async function openSession(desk: Desk, sockets: Fds, share: Share, first: Outlook): Promise<Session> {
  const { batch, query, scratch } = desk;
  const forwarder = createForwarder({ dial: createDial(sockets.udpFd), share });
  let outlook = first;
  const udp = batch.serve(sockets.udpFd, onBatch);
  const tcp = await serveTcp(sockets.tcpFd, onMessage).catch((error: unknown) => {
    udp.close();
    throw error;
  });

  return {
    get outlook() {
      return outlook;
    },
    change(next) {
      outlook = next;
      forwarder.forget();
    },
    close() {
      // The forwarder first: it makes sockets beside the one that is closed next.
      forwarder.close();
      udp.close();
      tcp.close();
    },
  };

  function onBatch(count: number): void {
    for (let slot = 0; slot < count; slot++) {
      const at = slot * SLOT_BYTES;
      const length = Math.min(batch.incomingBytes[slot] ?? 0, SLOT_BYTES);
      const written = answer(batch.incoming, at, length, batch.outgoing, at, SLOT_BYTES, "udp");
      if (written === FORWARD) void forwardUdp(Buffer.from(batch.incoming.subarray(at, at + length)), batch.peer(slot));
      else batch.outgoingBytes[slot] = written;
    }
  }

  /** A datagram that cannot be sent is one that was lost on its way: the client asks again. */
  async function forwardUdp(message: Buffer, peer: Buffer): Promise<void> {
    const reply = await forward(message, "udp");
    if (reply) udp.send(peer, reply);
  }

  function onMessage(message: Buffer): Buffer | undefined | Promise<Buffer | undefined> {
    const written = answer(message, 0, message.length, scratch, 0, scratch.length, "tcp");
    if (written === FORWARD) return forward(message, "tcp");
    return written === 0 ? undefined : Buffer.from(scratch.subarray(0, written));
  }

  /** What goes wrong with one query is told, and answered with SERVFAIL; it must not end the thread that answers all. */
  function answer(from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number, room: number, transport: Transport): number {
    try {
      return outlook.answerer.answer(from, at, length, query, to, toAt, room, transport);
    } catch (error) {
      warn(error);
      return writeRefusal(from, query, RCODE.servFail, to, toAt);
    }
  }

  async function forward(message: Buffer, transport: Transport): Promise<Buffer | undefined> {
    try {
      return await forwarder.forward(message, outlook.upstreams, transport);
    } catch (error) {
      warn(error);
      readQuery(message, 0, message.length, query);
      return Buffer.from(scratch.subarray(0, writeRefusal(message, query, RCODE.servFail, scratch, 0)));
    }
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
