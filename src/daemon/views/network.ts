import type { NetworkView } from "../../controller/types.ts";
import { contains, type Ip, prefixOf } from "../../model/address.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import type { Network, Pool } from "../../model/network.ts";
import { sorted } from "../json.ts";

/** One entry of GET /networks; `containers` stays empty there, as dockerd leaves it. */
export function networkView(network: Network, containers: Record<string, object> = {}): object {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt,
    Scope: network.scope,
    Driver: network.driver,
    EnableIPv4: network.enableIPv4,
    EnableIPv6: network.enableIPv6,
    IPAM: ipamView(network),
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: containers,
    Options: sorted(network.options),
    Labels: sorted(network.labels),
  };
}

/** GET /networks/{id}: with who is on it. */
export function networkInspect({ network, endpoints }: NetworkView): object {
  const containers = endpoints.map(({ endpoint, member }) => {
    // Whoever came through another door has no container of this API: it is listed by its endpoint, as swarm's are.
    const key = member.door === "docker" ? member.id : `ep-${endpoint.id}`;
    return [key, containerOnNetwork(network, endpoint, member.name)] as const;
  });
  return networkView(network, sorted(Object.fromEntries(containers)));
}

/** The length of the subnet that an address lies in; 0 for an address outside of all. */
export function prefixFor(network: Network, ip: Ip): number {
  const pool = network.pools.find(({ subnet }) => contains(subnet, ip));
  return pool === undefined ? 0 : prefixOf(pool.subnet);
}

function containerOnNetwork(network: Network, endpoint: Endpoint, name: string): object {
  const withPrefix = (ip: Ip | undefined) => (ip === undefined ? "" : `${ip}/${prefixFor(network, ip)}`);
  return {
    Name: name,
    EndpointID: endpoint.id,
    MacAddress: hasLink(network) ? endpoint.mac : "",
    IPv4Address: withPrefix(endpoint.ipv4),
    IPv6Address: withPrefix(endpoint.ipv6),
  };
}

/** host and none give a container no interface, so there is no MAC address to show. */
export function hasLink(network: Network): boolean {
  return network.driver !== "host" && network.driver !== "null";
}

function ipamView(network: Network): object {
  if (!hasLink(network)) return { Driver: network.ipamDriver, Options: null, Config: null };
  const pools = network.pools.toSorted((a, b) => a.family - b.family);
  // The default bridge is not made by a request, so nobody gave it IPAM options.
  return { Driver: network.ipamDriver, Options: network.predefined ? null : sorted(network.ipamOptions), Config: pools.map(poolView) };
}

/** A gateway that we chose inside a subnet that a person gave is not part of what was configured. */
function poolView({ subnet, range, gateway, subnetGiven, gatewayGiven, aux }: Pool): object {
  return {
    Subnet: subnet,
    ...(range && { IPRange: range }),
    ...(gateway !== undefined && (gatewayGiven || !subnetGiven) && { Gateway: gateway }),
    ...(Object.keys(aux).length > 0 && { AuxiliaryAddresses: sorted(aux) }),
  };
}
