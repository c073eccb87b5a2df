import { familyOf, type Ip } from "../model/address.ts";
import type { PortBinding } from "../model/endpoint.ts";
import type { NftElement, NftSet } from "../model/nft.ts";
import type { EndpointPolicy, GatewayMode, NetworkPolicy, Policy } from "../model/policy.ts";
import { SETS } from "./base.ts";

/** One element of one of our sets. */
export interface Entry {
  set: NftSet;
  element: NftElement;
}

/** What a policy puts into the sets; a pure function of it alone, so a change of one touches nothing of another. */
export function entriesOf(policy: Policy): Entry[] {
  return policy.kind === "network" ? networkEntries(policy) : endpointEntries(policy);
}

function networkEntries(network: NetworkPolicy): Entry[] {
  const { bridge } = network;
  const entries = [entry(SETS.bridges, [bridge]), entry(SETS.sameBridge, [bridge, bridge])];
  if (network.icc) entries.push(entry(SETS.icc, [bridge, bridge]));
  if (network.internal) entries.push(entry(SETS.internal, [bridge]));
  for (const subnet of network.subnets) entries.push(entry(familyOf(subnet) === 4 ? SETS.subnets4 : SETS.subnets6, [bridge, subnet]));
  for (const family of new Set(network.subnets.map(familyOf))) {
    const key = [family === 4 ? "ipv4" : "ipv6", bridge];
    const mode = family === 4 ? network.mode4 : network.mode6;
    if (mode === "routed") entries.push(entry(SETS.routed, key));
    if (mode === "nat-unprotected") entries.push(entry(SETS.unprotected, key));
    if (family === 4 ? network.masquerade4 : network.masquerade6) entries.push(entry(SETS.masqueraded, key));
  }
  return entries;
}

function endpointEntries({ bridge, ipv4, ipv6, mode4, mode6, ports }: EndpointPolicy): Entry[] {
  return ports.flatMap((port) => {
    const family = familyOf(port.hostIp);
    const [ip, mode] = family === 4 ? [ipv4, mode4] : [ipv6, mode6];
    return ip === undefined ? [] : portEntries(bridge, ip, mode, port);
  });
}

function portEntries(bridge: string, ip: Ip, mode: GatewayMode, { hostIp, hostPort, protocol, port }: PortBinding): Entry[] {
  if (mode === "isolated") return [];
  const v4 = familyOf(ip) === 4;
  const entries: Entry[] = [];
  // A port on loopback is reached from the host alone, and what the host sends is not filtered.
  if (!isLoopback(hostIp)) entries.push(entry(v4 ? SETS.published4 : SETS.published6, [bridge, ip, protocol, port]));
  if (mode === "routed") return entries;
  const target = [ip, port];
  if (hostIp === "0.0.0.0" || hostIp === "::") entries.push(entry(v4 ? SETS.dnat4Any : SETS.dnat6Any, [protocol, hostPort], target));
  else entries.push(entry(v4 ? SETS.dnat4 : SETS.dnat6, [hostIp, protocol, hostPort], target));
  return entries;
}

function isLoopback(ip: Ip): boolean {
  return ip === "::1" || ip.startsWith("127.");
}

function entry(set: NftSet, key: NftElement["key"], data?: NftElement["key"]): Entry {
  return { set, element: { key, ...(data && { data }) } };
}
