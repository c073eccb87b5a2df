import { fstatSync, statSync } from "node:fs";
import { closeFd, type Fd, openNs, socketNumbers } from "../../native/index.ts";
import { NetError } from "../model/errors.ts";
import type { Netns } from "../model/kernel.ts";
import { type NetlinkSocket, netlinkSocket } from "./netlink/socket.ts";
import { failed } from "./refusal.ts";

/**
 * Of those that nobody uses, more are closed, oldest use first. An open one lives on when others believe that they removed it, so few are
 * kept: enough for all calls of an attach to find it open. Opening one again costs 0.05 ms.
 */
const MAX_OPEN = 32;

/** A namespace that is open for as long as the call that was given it. */
export interface OpenNamespace {
  fd: Fd;
  /** Links, addresses, routes. */
  route: NetlinkSocket;
  /** nftables, connection tracking. */
  netfilter: NetlinkSocket;
}

/** Open namespaces and their netlink sockets, kept between calls. */
export interface Namespaces {
  /** @throws notFound when nothing is pinned there */
  with<R>(where: Netns, body: (namespace: OpenNamespace) => Promise<R>): Promise<R>;
  /** Closes what is kept of a path, when its last user is done. */
  drop(path: string): Promise<void>;
  close(): Promise<void>;
}

interface Entry extends OpenNamespace {
  /** Which namespace it is: a path can come to mean another one. The inode is not given to another while `fd` is open. */
  inode: number;
  users: number;
  dropped: boolean;
}

export function namespaces(): Namespaces {
  const entries = new Map<string, Entry>(); // in the order of their last use
  let closed = false;

  async function release(entry: Entry): Promise<void> {
    if (!entry.dropped || entry.users > 0) return;
    await Promise.all([entry.route.close(), entry.netfilter.close()]);
    closeFd(entry.fd);
  }

  async function drop(path: string): Promise<void> {
    const entry = entries.get(path);
    if (entry === undefined) return;
    entries.delete(path);
    entry.dropped = true;
    await release(entry);
  }

  /** In one go, without waiting, so that two callers never open the same namespace twice. */
  function acquire(path: string): { entry: Entry; outdated: Promise<void> } {
    if (closed) throw new NetError("unavailable", `network namespace ${path}: the kernel interface is closed`);
    const known = entries.get(path);
    const outdated = known === undefined || known.inode === inodeOf(path) ? Promise.resolve() : drop(path);
    const entry = entries.get(path) ?? open(path);
    entries.delete(path);
    entries.set(path, entry);
    entry.users++;
    return { entry, outdated };
  }

  async function trim(): Promise<void> {
    for (const [path, entry] of entries) {
      if (entries.size <= MAX_OPEN) return;
      if (entry.users === 0) await drop(path);
    }
  }

  return {
    async with(where, body) {
      const { entry, outdated } = acquire(where.path);
      try {
        await outdated;
        return await body(entry);
      } finally {
        entry.users--;
        await release(entry);
        await trim();
      }
    },
    drop,
    async close() {
      closed = true;
      await Promise.all([...entries.keys()].map(drop));
    },
  };
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function open(path: string): Entry {
  try {
    const fd = openNs(path);
    const route = netlinkSocket(fd, socketNumbers.NETLINK_ROUTE);
    const netfilter = netlinkSocket(fd, socketNumbers.NETLINK_NETFILTER);
    return { fd, route, netfilter, inode: fstatSync(fd).ino, users: 0, dropped: false };
  } catch (error) {
    throw failed(`open network namespace ${path}`, error);
  }
}
