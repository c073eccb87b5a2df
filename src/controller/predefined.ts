import type { NetworkSpec } from "../model/network.ts";
import { createNetwork } from "./create-network.ts";
import type { House } from "./house.ts";
import { finishRemoval } from "./remove-network.ts";

/**
 * bridge, host and none exist from the start. The default bridge follows the daemon's options: when they have changed it is made anew, unless
 * somebody is on it; then the old one stays and this is told.
 */
export async function ensurePredefined(house: House, specs: NetworkSpec[]): Promise<void> {
  for (const spec of specs) {
    const present = house.state.networks.all().find((network) => network.name === spec.name);
    if (present === undefined) {
      await createNetwork(house, spec, { predefined: true });
      continue;
    }
    if (present.state === "ready" && sameWish(present, spec)) continue;
    if (house.state.endpoints.of({ networkId: present.id }).length > 0) {
      house.log.warn("the options of a predefined network have changed, but containers are on it: it stays as it is", {
        network: spec.name,
      });
      continue;
    }
    house.state.networks.put({ ...present, state: "removing" });
    await finishRemoval(house, present);
    await createNetwork(house, spec, { predefined: true });
  }
}

/** Subnets that nobody named may be anything; named ones must be these. */
function sameWish(
  present: { options: object; pools: { subnet: string; subnetGiven: boolean; range?: string; gateway?: string; gatewayGiven: boolean }[] },
  spec: NetworkSpec,
): boolean {
  const wished = spec.pools.map(({ subnet, range, gateway }) => [subnet, range, gateway]);
  const given = present.pools
    .filter((pool) => pool.subnetGiven)
    .map((pool) => [pool.subnet, pool.range, pool.gatewayGiven ? pool.gateway : undefined]);
  return JSON.stringify([present.options, given]) === JSON.stringify([spec.options, wished]);
}
