import { readdir, readlink } from "node:fs/promises";
import { basename } from "node:path";
import type { Fd } from "../../native/index.ts";
import type { NetlinkMessage } from "./netlink/attribute.ts";
import { getSockets, NETLINK_SOCK_DIAG, parseSocket } from "./netlink/sock-diag.ts";
import { netlinkSocket } from "./netlink/socket.ts";

const IPPROTO = { tcp: 6, udp: 17 } as const;

/**
 * Who has a port, as `NAME (pid N)`; undefined when no process that we can see has it. It reads all of /proc, so it is for error messages.
 */
export async function portOwner(nsFd: Fd, protocol: "tcp" | "udp", port: number): Promise<string | undefined> {
  const inodes = await socketInodes(nsFd, protocol, port);
  const wanted = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (wanted.size === 0) return undefined;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const owners = await Promise.all(pids.map(async (pid) => ((await hasAny(pid, wanted)) ? pid : undefined)));
  const pid = owners.find((owner) => owner !== undefined);
  return pid === undefined ? undefined : `${basename(await orElse(readlink(`/proc/${pid}/exe`), "a process"))} (pid ${pid})`;
}

/** Those that listen if any does: they are in the way, connections from the port need not be. */
async function socketInodes(nsFd: Fd, protocol: "tcp" | "udp", port: number): Promise<number[]> {
  const socket = netlinkSocket(nsFd, NETLINK_SOCK_DIAG);
  try {
    const messages: NetlinkMessage[] = [];
    for (const family of [4, 6] as const) messages.push(...(await socket.dump(getSockets(family, IPPROTO[protocol], port))).messages);
    const sockets = messages.map(parseSocket).filter(({ inode }) => inode !== 0);
    const listening = sockets.filter((entry) => entry.listening);
    return (listening.length > 0 ? listening : sockets).map(({ inode }) => inode);
  } finally {
    await socket.close();
  }
}

async function hasAny(pid: string, wanted: ReadonlySet<string>): Promise<boolean> {
  const fds = await orElse(readdir(`/proc/${pid}/fd`), []);
  const targets = await Promise.all(fds.map((fd) => orElse(readlink(`/proc/${pid}/fd/${fd}`), "")));
  return targets.some((target) => wanted.has(target));
}

/** Processes and descriptors go while we look, and those of others may be closed to us: then they are not the answer. */
async function orElse<T>(read: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read;
  } catch {
    return otherwise;
  }
}
