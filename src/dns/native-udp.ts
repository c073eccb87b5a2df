import { closeFd, type Fd, rawAddon, socketIn, socketNumbers } from "../../native/index.ts";
import type { Family } from "../model/address.ts";

export { closeFd, type Fd };

/** Datagrams in one batch, and the room that each has. [native/udp.c] */
export const SLOTS = 64;
export const SLOT_BYTES = 4096;
/** Holds a socket address of either family, as the kernel writes it. */
const PEER_BYTES = 32;

interface UdpAddon {
  udpBatch(): { handle: object; buffer: ArrayBuffer };
  udpServe(batch: object, fd: Fd, onBatch: (count: number) => void): object;
  udpStop(server: object): void;
  udpSend(server: object, peer: Buffer, data: Buffer): number;
  netnsOf(fd: Fd): Fd;
}

const addon = rawAddon as UdpAddon;

/** Where the datagrams of a batch are: slot i of `incoming` and `outgoing` starts at i * SLOT_BYTES. Valid for the length of `onBatch` only. */
export interface Batch {
  readonly incoming: Uint8Array;
  readonly outgoing: Uint8Array;
  /** More than SLOT_BYTES: the datagram was cut. */
  readonly incomingBytes: Uint32Array;
  /** What is written here is sent back when `onBatch` returns; 0 sends nothing. */
  readonly outgoingBytes: Uint32Array;
  /** A copy of the address that slot i came from, for an answer that comes later. */
  peer(slot: number): Buffer;
  /** Reads a bound socket on this thread's loop, and owns it until `close`. @throws SystemError; the socket is then still the caller's. */
  serve(fd: Fd, onBatch: (count: number) => void): UdpServer;
}

export interface UdpServer {
  /** Sends one datagram now. @returns 0, or the errno for which it did not go out */
  send(peer: Buffer, data: Buffer): number;
  /** May be called again. */
  close(): void;
}

export function createBatch(): Batch {
  const { handle, buffer } = addon.udpBatch();
  const peersAt = 2 * SLOTS * SLOT_BYTES;
  const peers = Buffer.from(buffer, peersAt, SLOTS * PEER_BYTES);
  const sizesAt = peersAt + SLOTS * PEER_BYTES;
  return {
    incoming: new Uint8Array(buffer, 0, SLOTS * SLOT_BYTES),
    outgoing: new Uint8Array(buffer, SLOTS * SLOT_BYTES, SLOTS * SLOT_BYTES),
    incomingBytes: new Uint32Array(buffer, sizesAt, SLOTS),
    outgoingBytes: new Uint32Array(buffer, sizesAt + 4 * SLOTS, SLOTS),
    peer: (slot) => Buffer.from(peers.subarray(slot * PEER_BYTES, (slot + 1) * PEER_BYTES)),
    serve(fd, onBatch) {
      const server = addon.udpServe(handle, fd, onBatch);
      return { send: (peer, data) => addon.udpSend(server, peer, data), close: () => addon.udpStop(server) };
    },
  };
}

/** A socket in the namespace in which the socket `fd` lives. @throws SystemError */
export function socketBeside(fd: Fd, family: Family, kind: "udp" | "tcp"): Fd {
  const netns = addon.netnsOf(fd);
  try {
    const { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM } = socketNumbers;
    return socketIn(netns, family === 6 ? AF_INET6 : AF_INET, kind === "udp" ? SOCK_DGRAM : SOCK_STREAM, 0);
  } finally {
    closeFd(netns);
  }
}
