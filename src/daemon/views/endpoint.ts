import type { Controller } from "../../controller/types.ts";
import type { Endpoint, EndpointWish } from "../../model/endpoint.ts";
import { shortId } from "../../model/id.ts";
import type { Member } from "../../model/member.ts";
import type { Network } from "../../model/network.ts";
import { sorted } from "../json.ts";
import { hasLink, prefixFor } from "./network.ts";

/** A member's leg as people see it: what was wished, and what it got while it is up. */
export interface Leg {
  /** The name under which it is listed. */
  name: string;
  wish: EndpointWish;
  network: Network | undefined;
  endpoint: Endpoint | undefined;
}

/** Every leg of a member, by network name. A wish for a network that is not there yet is shown without its particulars. */
export function legsOf(controller: Controller, member: Member): Leg[] {
  const endpoints = controller.endpoints(member.id);
  const networks = controller.networks();
  const legs = member.wishes.map(({ network: ref, wish }): Leg => {
    const network = networks.find((row) => row.name === ref || row.id === ref);
    const endpoint = endpoints.find((row) => row.networkId === network?.id);
    return { name: network?.name ?? ref, wish, network, endpoint };
  });
  return legs.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One member of `NetworkSettings.Networks`. The list tells neither aliases, driver options nor DNS names. */
export function endpointView(member: Member, { wish, network, endpoint }: Leg, detail: "inspect" | "list"): object {
  const full = detail === "inspect";
  const prefix = (ip: Endpoint["ipv4"]) => (ip === undefined || network === undefined ? 0 : prefixFor(network, ip));
  return {
    IPAMConfig: ipamConfig(wish),
    Links: full && wish.links.length > 0 ? wish.links.map(({ target, alias }) => `${target}:${alias}`) : null,
    Aliases: full && wish.aliases.length > 0 ? wish.aliases : null,
    MacAddress: network !== undefined && hasLink(network) ? (endpoint?.mac ?? "") : "",
    DriverOpts: full && Object.keys(wish.driverOptions).length > 0 ? sorted(wish.driverOptions) : null,
    GwPriority: wish.gatewayPriority,
    NetworkID: network?.id ?? "",
    EndpointID: endpoint?.id ?? "",
    Gateway: (endpoint?.ipv4 && endpoint.gateway4) ?? "",
    IPAddress: endpoint?.ipv4 ?? "",
    IPPrefixLen: prefix(endpoint?.ipv4),
    IPv6Gateway: (endpoint?.ipv6 && endpoint.gateway6) ?? "",
    GlobalIPv6Address: endpoint?.ipv6 ?? "",
    GlobalIPv6PrefixLen: prefix(endpoint?.ipv6),
    DNSNames: full ? dnsNames(member, wish, network, endpoint) : null,
    // Ours: which interface of the host is the other end. Docker keeps that to itself.
    ...(full && endpoint?.hostIfname !== undefined && { HostInterface: endpoint.hostIfname }),
  };
}

function ipamConfig({ ipv4, ipv6, linkLocal }: EndpointWish): object | null {
  if (ipv4 === undefined && ipv6 === undefined && linkLocal.length === 0) return null;
  return {
    ...(ipv4 && { IPv4Address: ipv4 }),
    ...(ipv6 && { IPv6Address: ipv6 }),
    ...(linkLocal.length > 0 && { LinkLocalIPs: linkLocal }),
  };
}

/** Predefined networks have no names of their own to be asked for. */
function dnsNames(member: Member, wish: EndpointWish, network: Network | undefined, endpoint: Endpoint | undefined): string[] | null {
  if (network === undefined || network.predefined) return null;
  return endpoint?.names ?? [...new Set([member.name, ...wish.aliases, shortId(member.id)])];
}
