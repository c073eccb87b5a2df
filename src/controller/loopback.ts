import type { Network } from "../model/network.ts";
import { networkPolicy } from "./derive.ts";
import type { House } from "./house.ts";

/**
 * route_localnet lets the host reach ports that are published on 127.0.0.1 without a proxy. It also lets whoever is on the bridge send to the
 * host's own loopback services, which the firewall drops: so it is set after the rules, taken back before them, and never set without them.
 */
export async function routeLoopback(house: House, network: Network, on: boolean): Promise<void> {
  if (house.firewall.name === "none") return;
  for (const policy of networkPolicy(house, network)) {
    if (policy.kind !== "network" || (await house.kernel.link(house.kernel.host, policy.bridge)) === undefined) continue;
    await house.kernel.setSysctl(house.kernel.host, `net/ipv4/conf/${policy.bridge}/route_localnet`, on ? "1" : "0");
  }
}
