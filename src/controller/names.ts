import type { Ip } from "../model/address.ts";
import { tryIp } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { shortId } from "../model/id.ts";
import type { Member } from "../model/member.ts";
import type { NameRecord, ResolverView } from "../model/name.ts";
import type { Network } from "../model/network.ts";
import { rank } from "./gateway.ts";

/** What a resolv.conf(5) says. */
export interface Resolver {
  servers: Ip[];
  search: string[];
  options: string[];
}

/** The names of a leg: the member's name (which PTR answers), aliases, short id, hostname. */
export function namesOf(member: Member, aliases: string[]): string[] {
  return [...new Set([member.name, ...aliases, shortId(member.id), member.hostname].filter((name) => name !== ""))];
}

/** Names exist on networks that people made; on the default bridge there are addresses only, as Docker has it. */
export function nameRecord(endpoint: Endpoint, network: Network): NameRecord | undefined {
  if (network.predefined || (endpoint.ipv4 === undefined && endpoint.ipv6 === undefined)) return undefined;
  return {
    endpointId: endpoint.id,
    networkId: network.id,
    names: endpoint.names,
    ...(endpoint.ipv4 === undefined ? {} : { ipv4: endpoint.ipv4 }),
    ...(endpoint.ipv6 === undefined ? {} : { ipv6: endpoint.ipv6 }),
  };
}

/** What a member's resolver knows; undefined when it is on no network with names. */
export function resolverView(
  member: Member,
  endpoints: Endpoint[],
  networkOf: (endpoint: Endpoint) => Network | undefined,
  host: Resolver,
): ResolverView | undefined {
  const ranked = rank(endpoints, networkOf);
  const networks = ranked.flatMap((endpoint) => {
    const network = networkOf(endpoint);
    return network === undefined || network.predefined ? [] : [{ id: network.id, name: network.name }];
  });
  if (networks.length === 0) return undefined;
  // A sandbox with no way out must not reach the outside by way of our resolver either.
  const reachesOut = ranked.some((endpoint) => endpoint.gateway4 !== undefined || endpoint.gateway6 !== undefined);
  const own = member.dns.servers.map((address) => ({ address, port: 53, from: "sandbox" as const }));
  const hosts = reachesOut ? host.servers.map((address) => ({ address, port: 53, from: "host" as const })) : [];
  return {
    sandboxId: member.id,
    networks,
    links: Object.fromEntries(endpoints.flatMap((endpoint) => endpoint.wish.links.map(({ target, alias }) => [alias, target]))),
    upstreams: own.length > 0 ? own : hosts,
    ndotsSet: [...member.dns.options, ...host.options].some((option) => option.startsWith("ndots:")),
  };
}

/** [resolv.conf(5)]: the last `search` or `domain` line counts; nameserver lines that are not addresses are passed over, as the C library does. */
export function parseResolvConf(text: string): Resolver {
  const resolver: Resolver = { servers: [], search: [], options: [] };
  for (const line of text.split("\n")) {
    const [word, ...rest] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (word === "nameserver") resolver.servers.push(...rest.slice(0, 1).flatMap((server) => tryIp(server) ?? []));
    else if (word === "search" || word === "domain") resolver.search = rest;
    else if (word === "options") resolver.options.push(...rest);
  }
  return resolver;
}
