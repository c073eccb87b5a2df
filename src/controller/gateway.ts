import type { Family, Ip } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { Network } from "../model/network.ts";

/** The default routes of a sandbox: which endpoint carries each family's. */
export interface Gateways {
  ipv4: Endpoint | undefined;
  ipv6: Endpoint | undefined;
}

/** The gateway address that an endpoint offers; internal networks offer none. */
export function gatewayIp(endpoint: Endpoint, family: Family): Ip | undefined {
  return family === 4 ? endpoint.gateway4 : endpoint.gateway6;
}

/**
 * The highest gateway priority wins, then who carries more families, then the network's name: it does not depend on the order of joining.
 */
export function gatewaysOf(endpoints: Endpoint[], networkOf: (endpoint: Endpoint) => Network | undefined): Gateways {
  const ranked = rank(endpoints, networkOf);
  return {
    ipv4: ranked.find((endpoint) => endpoint.gateway4 !== undefined),
    ipv6: ranked.find((endpoint) => endpoint.gateway6 !== undefined),
  };
}

/** Endpoints in gateway order; names are looked up in this order too. */
export function rank(endpoints: Endpoint[], networkOf: (endpoint: Endpoint) => Network | undefined): Endpoint[] {
  const families = (endpoint: Endpoint) => Number(endpoint.gateway4 !== undefined) + Number(endpoint.gateway6 !== undefined);
  const nameOf = (endpoint: Endpoint) => networkOf(endpoint)?.name ?? "";
  return endpoints.toSorted(
    (a, b) =>
      b.wish.gatewayPriority - a.wish.gatewayPriority ||
      families(b) - families(a) ||
      (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0),
  );
}
