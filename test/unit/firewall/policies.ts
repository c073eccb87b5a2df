import { type Mac, parseCidr, parseIp } from "../../../src/model/address.ts";
import type { PortBinding, Protocol } from "../../../src/model/endpoint.ts";
import type { EndpointPolicy, NetworkPolicy } from "../../../src/model/policy.ts";

/** A bridge network of default options, `br-web` with 172.18.0.0/16. */
export function network(name = "web", options: Partial<NetworkPolicy> = {}): NetworkPolicy {
  return {
    kind: "network",
    id: `network-${name}`,
    bridge: `br-${name}`,
    subnets: [parseCidr("172.18.0.0/16")],
    icc: true,
    internal: false,
    masquerade4: true,
    masquerade6: true,
    mode4: "nat",
    mode6: "nat",
    ...options,
  };
}

/** A container on br-web. */
export function endpoint(name: string, ports: PortBinding[], options: Partial<EndpointPolicy> = {}): EndpointPolicy {
  return {
    kind: "endpoint",
    id: `endpoint-${name}`,
    bridge: "br-web",
    hostIfname: `veth-${name}`,
    mac: "02:42:ac:12:00:02" as Mac,
    ipv4: parseIp("172.18.0.2"),
    ports,
    mode4: "nat",
    mode6: "nat",
    ...options,
  };
}

export function port(hostIp: string, hostPort: number, containerPort: number, protocol: Protocol = "tcp"): PortBinding {
  return { protocol, port: containerPort, hostIp: parseIp(hostIp), hostPort };
}
