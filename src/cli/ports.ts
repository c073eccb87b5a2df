import { tryIp } from "../model/address.ts";
import type { PortSummary } from "./api.ts";
import { usage } from "./failure.ts";

export interface Publication {
  /** `80/tcp` */
  port: string;
  /** Empty: every address of the host. */
  hostIp: string;
  /** Empty: any free one. `8000-8010`: a free one of these. */
  hostPort: string;
}

/**
 * `-p [ip:][hostPort[-end]:]port[-end][/protocol]`. Two ranges of one length are paired; a range for a single port is a choice.
 * @throws invalid
 */
export function parsePublish(text: string): Publication[] {
  const bad = (why: string) => usage(`invalid port: ${text}: ${why}`, "write [ip:]hostPort:containerPort[/udp], such as 127.0.0.1:8080:80");
  const [, ip = "", host = "", container = "", protocol = "tcp"] =
    /^(?:(\[[^\]]+\]|[^:[\]]*):(?=[^:]*:))?(?:([\d-]*):)?(\d+(?:-\d+)?)(?:\/([a-z]+))?$/.exec(text) ?? [];
  if (container === "") throw bad("it is no port");
  if (!["tcp", "udp", "sctp"].includes(protocol)) throw bad(`unknown protocol ${protocol}`);
  const hostIp = ip.replace(/^\[|\]$/g, "");
  if (hostIp !== "" && tryIp(hostIp) === undefined) throw bad(`${hostIp} is no IP address`);
  const ports = range(container, bad);
  const hostPorts = host === "" ? [] : range(host, bad);
  if (hostPorts.length > 0 && hostPorts.length !== ports.length && ports.length !== 1) throw bad("the ranges differ in length");
  return ports.map((port, i) => {
    const hostPort = ports.length === 1 ? host : String(hostPorts[i] ?? "");
    return { port: `${port}/${protocol}`, hostIp, hostPort };
  });
}

function range(text: string, bad: (why: string) => Error): number[] {
  const [first = 0, last = first] = text.split("-").map(Number);
  if (!(first >= 0 && first <= last && last <= 65535)) throw bad(`${text} is no range of ports from 0 to 65535`);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** `0.0.0.0:8080->80/tcp, 81/tcp`, as ps shows it. */
export function portsText(ports: readonly PortSummary[]): string {
  const shown = ports
    .toSorted((a, b) => a.PrivatePort - b.PrivatePort || familyRank(a) - familyRank(b))
    .map(({ IP, PrivatePort, PublicPort, Type }) => {
      const inside = `${PrivatePort}/${Type}`;
      return PublicPort === undefined ? inside : `${IP?.includes(":") ? `[${IP}]` : IP}:${PublicPort}->${inside}`;
    });
  return shown.join(", ");
}

function familyRank({ IP }: PortSummary): number {
  return IP?.includes(":") ? 6 : 4;
}
