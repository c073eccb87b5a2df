import { contains, familyOf, type Ip } from "../model/address.ts";
import type { EndpointWish } from "../model/endpoint.ts";
import { NetError } from "../model/errors.ts";
import type { Network } from "../model/network.ts";

/** Checks what is asked of one leg against its network and tells all that is wrong. @throws invalid `invalid endpoint settings:` */
export function checkWish(network: Network, wish: EndpointWish): void {
  const problems = network.predefined ? onPredefined(wish) : outside(network, wish);
  const ifname = wish.driverOptions["com.docker.network.endpoint.ifname"];
  if (ifname !== undefined && !/^[^\s/:]{1,15}$/.test(ifname)) problems.push(`invalid interface name: ${ifname}`);
  if (wish.linkLocal.length > 0) problems.push(`link-local addresses are not supported: ${wish.linkLocal.join(", ")}`);
  if (problems.length === 0) return;
  const text = problems.length === 1 ? problems[0] : problems.map((problem) => `* ${problem}`).join("\n");
  throw new NetError("invalid", `invalid endpoint settings:\n${text}`);
}

function onPredefined(wish: EndpointWish): string[] {
  const problems: string[] = [];
  if (wish.ipv4 !== undefined || wish.ipv6 !== undefined) {
    problems.push("user-specified IP address is supported on user-defined networks only");
  }
  if (wish.aliases.length > 0) problems.push("network-scoped aliases are only supported for user-defined networks");
  return problems;
}

function outside(network: Network, wish: EndpointWish): string[] {
  return [wish.ipv4, wish.ipv6].flatMap((ip) =>
    ip === undefined || inside(network, ip) ? [] : [`no configured subnet contains IP address ${ip}`],
  );
}

function inside(network: Network, ip: Ip): boolean {
  return network.pools.some((pool) => pool.family === familyOf(ip) && contains(pool.subnet, ip));
}
