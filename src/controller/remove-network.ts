import { NetError, wrap } from "../model/errors.ts";
import { shortId } from "../model/id.ts";
import type { Network } from "../model/network.ts";
import { detachEndpoint } from "./attach.ts";
import { driverOf, type House, ipamOf, tell } from "./house.ts";
import { routeLoopback } from "./loopback.ts";
import { findNetwork } from "./state.ts";
import { tearDown } from "./transaction.ts";

/** @throws notFound, forbidden when it is predefined or somebody is on it. */
export async function removeNetwork(house: House, ref: string): Promise<Network> {
  const network = findNetwork(house.state, ref);
  if (network.predefined) throw new NetError("forbidden", `${network.name} is a pre-defined network and cannot be removed`);
  refuseInUse(house, network);
  // From here on nobody can join it, and a start after a crash goes on from here.
  house.state.networks.put({ ...network, state: "removing" });
  try {
    await finishRemoval(house, network);
  } catch (error) {
    throw wrap(`error while removing network ${network.name}`, error);
  }
  await house.durable.flush();
  tell(house, "destroy", network);
  return network;
}

/** Everything of a network, whatever is there of it; the row goes when nothing is left. */
export async function finishRemoval(house: House, network: Network): Promise<void> {
  const ipam = ipamOf(house, network.ipamDriver);
  await tearDown([
    ...house.state.endpoints.of({ networkId: network.id }).map((endpoint) => () => detachEndpoint(house, endpoint)),
    () => routeLoopback(house, network, false),
    () => house.firewall.change([], [network.id]),
    () => driverOf(house, network.driver).remove(network),
    ...network.pools.map((pool) => () => ipam.releasePool(pool.id)),
  ]);
  house.state.networks.delete(network.id);
}

function refuseInUse(house: House, network: Network): void {
  const legs = house.state.endpoints.of({ networkId: network.id }).filter((endpoint) => endpoint.state !== "detaching");
  if (legs.length === 0) return;
  const names = legs.map((leg) => `name:"${house.state.members.get(leg.memberId)?.name ?? "?"}" id:"${shortId(leg.id)}"`);
  throw new NetError("forbidden", `error while removing network: network ${network.name} has active endpoints (${names.join(", ")})`, {
    hint: "disconnect or stop them first",
  });
}
