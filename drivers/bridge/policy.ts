import type { Endpoint } from "../../src/model/endpoint.ts";
import type { Network } from "../../src/model/network.ts";
import type { EndpointPolicy, NetworkPolicy } from "../../src/model/policy.ts";
import type { BridgeOptions } from "./options.ts";

/** What the firewall must know of a bridge network. */
export function networkPolicy(network: Network, options: BridgeOptions): NetworkPolicy {
  return {
    kind: "network",
    id: network.id,
    bridge: options.bridge,
    subnets: network.pools.map((pool) => pool.subnet),
    icc: options.icc,
    internal: network.internal,
    masquerade4: options.masquerade && options.mode4 !== "routed",
    masquerade6: options.masquerade && options.mode6 !== "routed",
    mode4: options.mode4,
    mode6: options.mode6,
  };
}

/** What the firewall must know of one leg; undefined while it has no address. */
export function endpointPolicy(endpoint: Endpoint, hostIfname: string, options: BridgeOptions): EndpointPolicy | undefined {
  if (endpoint.mac === undefined) return undefined;
  return {
    kind: "endpoint",
    id: endpoint.id,
    bridge: options.bridge,
    hostIfname,
    mac: endpoint.mac,
    ...(endpoint.ipv4 === undefined ? {} : { ipv4: endpoint.ipv4 }),
    ...(endpoint.ipv6 === undefined ? {} : { ipv6: endpoint.ipv6 }),
    ports: endpoint.ports,
    mode4: options.mode4,
    mode6: options.mode6,
  };
}
