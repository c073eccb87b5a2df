import type { Fd } from "../../native/index.ts";
import { NetError } from "../model/errors.ts";
import type { Link, Netns } from "../model/kernel.ts";
import type { Namespaces } from "./namespaces.ts";
import type { NetlinkMessage } from "./netlink/attribute.ts";
import { getLink, isUsable, parseLink } from "./netlink/link.ts";
import { type LinkListener, type LinkMonitor, monitorLinks } from "./netlink/monitor.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";
import { failed, refused } from "./refusal.ts";

/** Waits for links to come up; those that wait in one namespace share a monitor, which is open only as long as somebody waits. */
export interface LinkWaits {
  /** Resolves when the link is operationally up. @throws unavailable at the deadline, notFound when there is no such link (any more) */
  waitUp(where: Netns, name: string, timeoutMs: number): Promise<void>;
}

interface Shared {
  monitor: LinkMonitor;
  listeners: Set<LinkListener>;
}

export function linkWaits(spaces: Namespaces): LinkWaits {
  const shared = new Map<Fd, Shared>();

  /** Returns how to stop listening. */
  function listen(nsFd: Fd, listener: LinkListener): () => void {
    const known = shared.get(nsFd) ?? share(nsFd);
    shared.set(nsFd, known);
    known.listeners.add(listener);
    return () => {
      known.listeners.delete(listener);
      if (known.listeners.size > 0) return;
      known.monitor.close();
      shared.delete(nsFd);
    };
  }

  return {
    waitUp: (where, name, timeoutMs) =>
      spaces.with(where, ({ fd, route }) => waitUp(route, (listener) => listen(fd, listener), name, timeoutMs)),
  };
}

function share(nsFd: Fd): Shared {
  const listeners = new Set<LinkListener>();
  const each = (tell: (listener: LinkListener) => void) => [...listeners].forEach(tell);
  const monitor = openMonitor(nsFd, {
    changed: (link, usable) => each((listener) => listener.changed(link, usable)),
    removed: (link) => each((listener) => listener.removed(link)),
    lost: () => each((listener) => listener.lost()),
    failed: (error) => each((listener) => listener.failed(failed("ip monitor link", error))),
  });
  return { monitor, listeners };
}

function openMonitor(nsFd: Fd, listener: LinkListener): LinkMonitor {
  try {
    return monitorLinks(nsFd, listener);
  } catch (error) {
    throw failed("ip monitor link", error);
  }
}

async function waitUp(
  route: NetlinkSocket,
  listen: (listener: LinkListener) => () => void,
  name: string,
  timeoutMs: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let last: Link | undefined;
  const judge = (link: Link, usable: boolean) => {
    last = link;
    if (usable) resolve();
  };
  const ask = () => lookAt(route, name).then((message) => judge(parseLink(message), isUsable(message)), reject);
  const timer = setTimeout(() => reject(late(name, last, timeoutMs)), timeoutMs);
  try {
    const stop = listen({
      changed: (link, usable) => link.name === name && judge(link, usable),
      removed: (link) => link.name === name && reject(new NetError("notFound", `network interface ${name} was removed`)),
      lost: ask,
      failed: reject,
    });
    try {
      // After the subscription: a link that came up before it is seen here, one that comes up later there.
      ask();
      await promise;
    } finally {
      stop();
    }
  } finally {
    clearTimeout(timer);
  }
}

async function lookAt(route: NetlinkSocket, name: string): Promise<NetlinkMessage> {
  const request = getLink(name);
  const [answer] = await route.ask([request]);
  if (answer?.refusal !== undefined) throw refused(request.what, answer.refusal);
  const message = answer?.messages[0];
  if (message === undefined) throw new NetError("internal", `${request.what}: the kernel gave no answer`);
  return message;
}

function late(name: string, last: Link | undefined, timeoutMs: number): NetError {
  const state = last === undefined ? "" : ` (it is ${last.up ? "" : "administratively down, "}operstate ${last.operstate})`;
  return new NetError("unavailable", `network interface ${name} did not come up in ${timeoutMs} ms${state}`);
}
