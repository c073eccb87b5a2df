import { type Cidr, type Family, familyOf, type Ip } from "../model/address.ts";
import type { PortBinding, Protocol } from "../model/endpoint.ts";
import type { EndpointPolicy, GatewayMode, NetworkPolicy, Policy } from "../model/policy.ts";

/** One thing that the rules must bring about, for a backend to put into its own words. Equal facts are told by the order of their fields. */
export type Fact = NetworkFact | PublishedFact | TranslatedFact;

/** A bridge is ours. Nobody comes in but by what else is said here, by the facts of its ports, and as the answer to what went out. */
export interface NetworkFact {
  fact: "network";
  bridge: string;
  /** Its containers talk to each other. */
  icc: boolean;
  /** Nothing comes in or goes out. */
  internal: boolean;
  subnets: Cidr[];
  /** Families in which published ports, and ping, are reached on the containers' own addresses. */
  routed: Family[];
  /** Families in which every port is. */
  unprotected: Family[];
  /** Families in which the outside sees the host's address. */
  masqueraded: Family[];
}

/** A port of a container may be reached from beyond its network. */
export interface PublishedFact {
  fact: "published";
  bridge: string;
  ip: Ip;
  protocol: Protocol;
  port: number;
}

/** A port of one address of the host, or without `hostIp` of all of them in this family, leads to a container. */
export interface TranslatedFact {
  fact: "translated";
  family: Family;
  hostIp?: Ip;
  protocol: Protocol;
  hostPort: number;
  ip: Ip;
  port: number;
}

/** A pure function of the policy alone, so a change of one touches nothing of another. */
export function factsOf(policy: Policy): Fact[] {
  return policy.kind === "network" ? [networkFact(policy)] : endpointFacts(policy);
}

/** Of what can be true of one only: two facts with the same key are the same fact, or contradict each other. */
export function keyOf(fact: Fact): string {
  switch (fact.fact) {
    case "network":
      return `network ${fact.bridge}`;
    case "published":
      return `published ${fact.bridge} ${fact.ip} ${fact.protocol} ${fact.port}`;
    case "translated":
      return `translated ${fact.family} ${fact.hostIp} ${fact.protocol} ${fact.hostPort}`;
  }
}

function networkFact({ bridge, icc, internal, subnets, mode4, mode6, masquerade4, masquerade6 }: NetworkPolicy): NetworkFact {
  const families = [...new Set(subnets.map(familyOf))];
  const inMode = (mode: GatewayMode) => families.filter((family) => (family === 4 ? mode4 : mode6) === mode);
  return {
    fact: "network",
    bridge,
    icc,
    internal,
    subnets,
    routed: inMode("routed"),
    unprotected: inMode("nat-unprotected"),
    masqueraded: families.filter((family) => (family === 4 ? masquerade4 : masquerade6)),
  };
}

function endpointFacts({ bridge, ipv4, ipv6, mode4, mode6, ports }: EndpointPolicy): Fact[] {
  return ports.flatMap((port) => {
    const [ip, mode] = familyOf(port.hostIp) === 4 ? [ipv4, mode4] : [ipv6, mode6];
    return ip === undefined ? [] : portFacts(bridge, ip, mode, port);
  });
}

function portFacts(bridge: string, ip: Ip, mode: GatewayMode, { hostIp, hostPort, protocol, port }: PortBinding): Fact[] {
  if (mode === "isolated") return [];
  const facts: Fact[] = [];
  // A port on loopback is reached from the host alone, and what the host sends is not filtered.
  if (!isLoopback(hostIp)) facts.push({ fact: "published", bridge, ip, protocol, port });
  if (mode === "routed") return facts;
  const ofOne = hostIp === "0.0.0.0" || hostIp === "::" ? {} : { hostIp };
  facts.push({ fact: "translated", family: familyOf(ip), ...ofOne, protocol, hostPort, ip, port });
  return facts;
}

function isLoopback(ip: Ip): boolean {
  return ip === "::1" || ip.startsWith("127.");
}
