import { parseIp } from "../../model/address.ts";
import type { PortWish, Protocol } from "../../model/endpoint.ts";
import { NetError } from "../../model/errors.ts";
import type { HostConfigBody } from "./schemas.ts";

const PROTOCOLS: readonly string[] = ["tcp", "udp", "sctp"];

/** `80/tcp`, or `80` for tcp. @throws invalid */
export function parsePortKey(key: string): { port: number; protocol: Protocol } {
  const [number = "", protocol = "tcp", more] = key.split("/");
  if (more !== undefined || !PROTOCOLS.includes(protocol.toLowerCase())) throw new NetError("invalid", `invalid proto: ${protocol}`);
  const port = portNumber(number);
  if (port === undefined || port === 0) throw new NetError("invalid", `invalid port specification: ${JSON.stringify(key)}`);
  return { port, protocol: protocol.toLowerCase() as Protocol };
}

/** Every published port of `HostConfig.PortBindings`. @throws invalid */
export function parsePortBindings(bindings: HostConfigBody["PortBindings"]): PortWish[] {
  return Object.entries(bindings ?? {}).flatMap(([key, wishes]) => {
    const { port, protocol } = parsePortKey(key);
    return (wishes ?? []).map((wish) => {
      const hostIp = wish.HostIp ? parseIp(wish.HostIp.replace(/^\[(.*)\]$/, "$1")) : undefined;
      return { protocol, port, ...(hostIp && { hostIp }), ...parseHostPort(wish.HostPort ?? "") };
    });
  });
}

/** What `-P` publishes: every exposed port that was not published by name, each on a host port of our choice. */
export function publishAll(exposed: readonly string[], published: readonly PortWish[]): PortWish[] {
  return exposed.map(parsePortKey).flatMap(({ port, protocol }) => {
    const named = published.some((wish) => wish.port === port && wish.protocol === protocol);
    return named ? [] : [{ protocol, port, hostPort: 0, hostPortEnd: 0 }];
  });
}

/** `8080`, `8000-8010` for the first free one, empty or 0 for any. */
function parseHostPort(text: string): { hostPort: number; hostPortEnd: number } {
  const [from = "", to = from, more] = text === "" ? ["0"] : text.split("-");
  const hostPort = portNumber(from);
  const hostPortEnd = portNumber(to);
  if (hostPort === undefined || hostPortEnd === undefined || hostPortEnd < hostPort || more !== undefined) {
    throw new NetError("invalid", `invalid port specification: ${JSON.stringify(text)}`);
  }
  return { hostPort, hostPortEnd };
}

function portNumber(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined;
}
