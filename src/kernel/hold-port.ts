import { bindSocket, closeFd, dropAll, type Fd, isSystemError, listen, socketIn, socketNumbers } from "../../native/index.ts";
import { familyOf, type Ip, ipBytes } from "../model/address.ts";
import { NetError } from "../model/errors.ts";
import type { HeldPort, Netns } from "../model/kernel.ts";
import type { Namespaces } from "./namespaces.ts";
import { portOwner } from "./port-owner.ts";
import { failed } from "./refusal.ts";

const { AF_INET, AF_INET6, SOCK_STREAM, SOCK_DGRAM, IPPROTO_SCTP } = socketNumbers;
const KINDS = { tcp: [SOCK_STREAM, 0], udp: [SOCK_DGRAM, 0], sctp: [SOCK_STREAM, IPPROTO_SCTP] } as const;

/**
 * Binds a host port, and for TCP and SCTP listens, so that nobody else can take it; what comes is dropped before it is answered.
 * @throws conflict naming the process that has it, notFound for an address that the host does not have, forbidden
 */
export function holdPort(spaces: Namespaces, host: Netns, protocol: keyof typeof KINDS, ip: Ip, port: number): Promise<HeldPort> {
  return spaces.with(host, async (namespace) => {
    try {
      return hold(namespace.fd, protocol, ip, port);
    } catch (error) {
      throw await explain(namespace.fd, protocol, ip, port, error);
    }
  });
}

function hold(nsFd: Fd, protocol: keyof typeof KINDS, ip: Ip, port: number): HeldPort {
  const fd = openSocket(nsFd, protocol, ip);
  if (fd === undefined) return { close() {} };
  try {
    dropAll(fd);
    const v6only = familyOf(ip) === 6;
    // For TCP it only ignores connections that are being forgotten; for UDP it would share the port with others.
    bindSocket(fd, Buffer.from(ipBytes(ip)), port, { reuseAddr: protocol === "tcp", v6only });
    if (protocol !== "udp") listen(fd, 1);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
  let open = true;
  return {
    close() {
      if (open) closeFd(fd);
      open = false;
    },
  };
}

/** Undefined where the kernel has no SCTP sockets: then nobody on this host can take the port, and there is nothing to hold. */
function openSocket(nsFd: Fd, protocol: keyof typeof KINDS, ip: Ip): Fd | undefined {
  const [type, number] = KINDS[protocol];
  try {
    return socketIn(nsFd, familyOf(ip) === 4 ? AF_INET : AF_INET6, type, number);
  } catch (error) {
    if (protocol === "sctp" && isSystemError(error, "EPROTONOSUPPORT", "ESOCKTNOSUPPORT")) return undefined;
    throw error;
  }
}

async function explain(nsFd: Fd, protocol: keyof typeof KINDS, ip: Ip, port: number, error: unknown): Promise<unknown> {
  const what = `failed to bind host port ${ip.includes(":") ? `[${ip}]` : ip}:${port}/${protocol}`;
  if (isSystemError(error, "EADDRINUSE")) {
    const owner = protocol === "sctp" ? undefined : await portOwner(nsFd, protocol, port);
    const by = owner === undefined ? "" : ` by ${owner}`;
    return new NetError("conflict", `${what}: address already in use${by}`, { cause: error, hint: "stop it or publish another port" });
  }
  if (isSystemError(error, "EADDRNOTAVAIL")) {
    return new NetError("notFound", `${what}: cannot assign requested address`, { cause: error, hint: `this host does not have ${ip}` });
  }
  if (isSystemError(error, "EACCES")) {
    const hint = "ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE";
    return new NetError("forbidden", `${what}: permission denied`, { cause: error, hint });
  }
  return failed(what, error);
}
