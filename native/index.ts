import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** What the addon throws and rejects with: a failed system call. */
export interface SystemError extends Error {
  /** `EEXIST` and the like. */
  code: string;
  errno: number;
  syscall: string;
}

/** A file descriptor; it belongs to whoever asked for it, who closes it with `closeFd`. */
export type Fd = number;

/** No namespace is entered: the call happens where the process is. */
export const HERE = -1;

/** One exchange of `netlinkScript`: over a NETLINK_ROUTE socket of its own in that namespace. */
export type ScriptStep = readonly [nsFd: Fd, request: Buffer, expectedReplies: number];

export interface ScriptResult {
  /** Of the steps that were answered; the last one may be a refusal, after which none was tried. */
  answers: Buffer[];
  /** The link that was waited for has its flags. */
  reached: boolean;
}

/** The C side (native/*.c): mechanism only. Every failure is a `SystemError`. */
interface Addon {
  netlinkOpen(nsFd: Fd, protocol: number): Fd;
  netlinkSubscribe(fd: Fd, group: number): void;
  netlinkTransact(fd: Fd, request: Buffer, expectedReplies: number, timeoutMs: number): Promise<Buffer>;
  netlinkScript(steps: readonly ScriptStep[], index: number, flags: number, waitMs: number): Promise<ScriptResult>;
  netnsCreate(path: string, sysctls: readonly (readonly [key: string, value: string])[]): Promise<void>;
  netnsBind(source: string, path: string): Promise<void>;
  netnsUnbind(path: string): Promise<void>;
  openNs(path: string): Fd;
  sysctlIn(nsFd: Fd, key: string, value: string | null): Promise<string>;
  socketIn(nsFd: Fd, domain: number, type: number, protocol: number): Fd;
  bindSocket(fd: Fd, ip: Buffer, port: number, options: BindOptions): void;
  listen(fd: Fd, backlog: number): void;
  dropAll(fd: Fd): void;
  localPort(fd: Fd): number;
  closeFd(fd: Fd): void;
  connectSeqpacket(path: string): Fd;
  sendSeqpacket(fd: Fd, message: Buffer): boolean;
  shutdownWrite(fd: Fd): void;
  waitWritable(fd: Fd): Promise<void>;
  pollStart(fd: Fd, onPackets: OnPackets): object;
  pollStop(poll: object): void;
  mount(source: string | null, target: string, type: string | null, flags: number, data: string | null): Promise<void>;
  umount(target: string, flags: number): Promise<void>;
}

export interface BindOptions {
  reuseAddr?: boolean;
  v6only?: boolean;
  /** Also an address that this namespace does not have (yet). */
  freebind?: boolean;
}

/**
 * Messages as they came, at most 64 a call. With an error there may be messages too, which came before it: ENOBUFS (messages were lost;
 * told when none of the older ones is left), ENETDOWN and EMSGSIZE are told and polling goes on, any other error ends it. No messages and no
 * error: end of file, polling has ended.
 */
export type OnPackets = (messages: Buffer[], error: SystemError | null) => void;

/** Stops what it came from; the file descriptor stays open. May be called again. */
export interface Poll {
  close(): void;
}

/**
 * The addon lies in build/ of the package, whether this file runs as source (native/) or compiled (dist/native/). NETLOOM_ADDON names
 * another one: the build with the address sanitizer in tests.
 */
function load(): Addon {
  const places = ["../build/netloom.node", "../../build/netloom.node"].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const path = process.env.NETLOOM_ADDON ?? places.find((place) => existsSync(place));
  if (path === undefined) throw new Error(`the native addon is not built (${places[0]} is missing): run npm run build:native`);
  return createRequire(import.meta.url)(path) as Addon;
}

const addon = load();

/** The addon as it is, for a room that has C of its own in it (dns: udp.c) and types that part itself. */
export const rawAddon: object = addon;

/**
 * A netlink socket in a namespace (`HERE` or an fd of `openNs`), with extended acknowledgements and strict dumps.
 * @param protocol NETLINK_ROUTE 0, NETLINK_NETFILTER 12
 */
export const netlinkOpen = addon.netlinkOpen;
/**
 * Exchanges in order, in several namespaces, on one way to the thread pool and back; stops at the first that is refused. Then waits up to
 * `waitMs` until link `index` (0: none) of the first step's namespace has all of `flags` (IFF_*).
 */
export const netlinkScript = addon.netlinkScript;
/** Joins a multicast group (RTNLGRP_LINK is 1); the messages come out of `pollSocket`. */
export const netlinkSubscribe = addon.netlinkSubscribe;
/**
 * Sends the buffer as one message and reads until `expectedReplies` answers have ended (NLMSG_ERROR or NLMSG_DONE), or until the kernel
 * has said all after a refusal. One at a time for each fd. Resolves with whole netlink messages, padded to 4 bytes.
 * @throws ETIMEDOUT, ENOBUFS: the rest of the replies may still be in the socket, so it must be closed. EBADMSG: not netlink.
 */
export const netlinkTransact = addon.netlinkTransact;
/** A new namespace with these sysctls, pinned at `path`. All or nothing. @throws EEXIST when the path exists. */
export const netnsCreate = addon.netnsCreate;
/** Pins an existing namespace (`/proc/<pid>/ns/net`) at `path`. @throws EEXIST when the path exists. */
export const netnsBind = addon.netnsBind;
/** Unpins and removes the file. Absence is success. */
export const netnsUnbind = addon.netnsUnbind;
/** Opens a namespace for the calls that take an `nsFd`. */
export const openNs = addon.openNs;
/** Writes (or with null reads) a file below /proc/sys as seen in a namespace; resolves with its text. */
export const sysctlIn = addon.sysctlIn;
/** A non-blocking socket that lives in a namespace for ever. */
export const socketIn = addon.socketIn;
/** `ip` is 4 or 16 bytes in network order. */
export const bindSocket = addon.bindSocket;
export const listen = addon.listen;
/** From now on nothing is received: a filter of one instruction. */
export const dropAll = addon.dropAll;
export const localPort = addon.localPort;
export const closeFd = addon.closeFd;
/** Connects to a unix SOCK_SEQPACKET socket; the path may be longer than the 107 bytes that the kernel takes. */
export const connectSeqpacket = addon.connectSeqpacket;
/** One message; false when the other end reads too slowly: `waitWritable`, then send it again. */
export const sendSeqpacket = addon.sendSeqpacket;
/** The other end reads an end of file; receiving goes on. */
export const shutdownWrite = addon.shutdownWrite;
/** Resolves when sending is possible again, or when it would fail. */
export const waitWritable = addon.waitWritable;
/** mount(2) with `mountFlags`. @throws E2BIG for options beyond 4095 bytes, which the kernel would cut off */
export const mount = addon.mount;
/** umount2(2) with `umountFlags`. */
export const umount = addon.umount;

/** Hands over the messages of a netlink, packet or SOCK_SEQPACKET socket as they come, boundaries kept, on this thread's loop. */
export function pollSocket(fd: Fd, onPackets: OnPackets): Poll {
  const poll = addon.pollStart(fd, onPackets);
  return { close: () => addon.pollStop(poll) };
}

/** [sys/mount.h] */
export const mountFlags = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
} as const;

/** [sys/mount.h] */
export const umountFlags = { force: 1, detach: 2, noFollow: 8 } as const;

/** [sys/socket.h], the numbers that `socketIn` and `netlinkOpen` take. */
export const socketNumbers = {
  AF_INET: 2,
  AF_INET6: 10,
  AF_PACKET: 17,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  IPPROTO_SCTP: 132,
  NETLINK_ROUTE: 0,
  NETLINK_NETFILTER: 12,
} as const;

/** Is this a failed system call with this code? */
export function isSystemError(error: unknown, ...codes: string[]): error is SystemError {
  return error instanceof Error && "syscall" in error && "code" in error && (codes.length === 0 || codes.includes(String(error.code)));
}
