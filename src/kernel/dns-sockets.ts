import { bindSocket, closeFd, type Fd, listen, localPort, socketIn, socketNumbers } from "../../native/index.ts";
import { type Ip, ipBytes } from "../model/address.ts";
import { wrap } from "../model/errors.ts";
import type { DnsSockets, Netns } from "../model/kernel.ts";
import { encodeDnsRedirect } from "./dns-redirect.ts";
import type { Namespaces, OpenNamespace } from "./namespaces.ts";
import { batchError } from "./netfilter/errors.ts";
import { failed } from "./refusal.ts";

const { AF_INET, SOCK_DGRAM, SOCK_STREAM } = socketNumbers;
/** What resolv.conf of a container names. */
const RESOLVER = "127.0.0.11" as Ip;
const DNS_PORT = 53;
const BACKLOG = 128;

/**
 * UDP and TCP sockets of 127.0.0.11 inside a sandbox. Where the kernel has nftables they have any ports, and 53 leads to them; else they have
 * port 53 itself, and a container that wants 53 of all addresses cannot have it.
 * @throws conflict when something in the sandbox has the port
 */
export function dnsSockets(spaces: Namespaces, where: Netns, nftables: boolean): Promise<DnsSockets> {
  return spaces.with(where, async (namespace) => {
    const opened: Fd[] = [];
    try {
      const port = nftables ? 0 : DNS_PORT;
      const udpFd = bound(namespace.fd, SOCK_DGRAM, port, opened);
      const tcpFd = bound(namespace.fd, SOCK_STREAM, port, opened);
      listen(tcpFd, BACKLOG);
      if (nftables) await redirect(namespace, localPort(udpFd), localPort(tcpFd));
      return { udpFd, tcpFd, close: () => opened.forEach(closeFd) };
    } catch (error) {
      for (const fd of opened) closeFd(fd);
      throw wrap(`answer DNS at ${RESOLVER} in ${where.path}`, failed("socket", error));
    }
  });
}

function bound(nsFd: Fd, type: number, port: number, opened: Fd[]): Fd {
  const fd = socketIn(nsFd, AF_INET, type, 0);
  opened.push(fd);
  bindSocket(fd, Buffer.from(ipBytes(RESOLVER)), port, {});
  return fd;
}

async function redirect({ netfilter }: OpenNamespace, udpPort: number, tcpPort: number): Promise<void> {
  const { bytes, expectedReplies } = encodeDnsRedirect(RESOLVER, udpPort, tcpPort);
  const error = batchError({ commandOf: [] }, await netfilter.exchange(bytes, expectedReplies));
  if (error !== undefined) throw error;
}
