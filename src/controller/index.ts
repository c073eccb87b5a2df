import type { EndpointWish } from "../model/endpoint.ts";
import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Member } from "../model/member.ts";
import { connect } from "./connect.ts";
import { createNetwork } from "./create-network.ts";
import { deriveEndpoints } from "./derive.ts";
import { disconnect } from "./disconnect.ts";
import { type House, ipamOf } from "./house.ts";
import { namesOf } from "./names.ts";
import { removeNetwork } from "./remove-network.ts";
import { restore } from "./restore.ts";
import { close, open } from "./sandbox.ts";
import { findMember, findNetwork, standing, stands } from "./state.ts";
import type { Controller, NetworkView } from "./types.ts";
import { checkWish } from "./wish.ts";

/** The verbs over one machine, one store and one set of drivers. */
export function createController(house: House): Controller {
  const { state } = house;
  return {
    async createNetwork(spec) {
      return { network: await createNetwork(house, spec), warning: "" };
    },
    removeNetwork: (ref) => removeNetwork(house, ref),
    networks: () => state.networks.all().filter((network) => network.state === "ready"),
    findNetwork: (ref) => findNetwork(state, ref),
    view: (ref) => view(house, ref),
    addMember(member) {
      state.members.put(member);
    },
    member: (id) => state.members.get(id),
    renameMember: (id, name) => renameMember(house, id, name),
    removeMember: (id) => removeMember(house, id),
    checkWish(ref, wish: EndpointWish) {
      checkWish(findNetwork(state, ref), wish);
    },
    connect: (ref, memberId, wish) => connect(house, ref, memberId, wish),
    disconnect: (ref, memberId, options) => disconnect(house, ref, memberId, options),
    open: (memberId) => open(house, memberId),
    close: (memberId) => close(house, memberId),
    sandbox: (memberId) => state.sandboxes.get(memberId),
    endpoints: (memberId) => standing(state, memberId),
    restore: (pidOf) => restore(house, pidOf),
  };
}

function view(house: House, ref: string): NetworkView {
  const network = findNetwork(house.state, ref);
  const endpoints = house.state.endpoints.of({ networkId: network.id }).flatMap((endpoint) => {
    const member = house.state.members.get(endpoint.memberId);
    return stands(endpoint) && member !== undefined ? [{ endpoint, member }] : [];
  });
  return { network, endpoints, use: network.pools.map((pool) => ipamOf(house, network.ipamDriver).use(pool.id)) };
}

/** The new name resolves at once; addresses, ports and flows stay. */
function renameMember(house: House, id: Id, name: string): Promise<void> {
  return house.locks.run(id, async () => {
    const member: Member = { ...findMember(house.state, id), name };
    house.state.members.put(member);
    const legs = standing(house.state, id);
    for (const leg of legs) house.state.endpoints.put({ ...leg, names: namesOf(member, leg.wish.aliases) });
    await deriveEndpoints(
      house,
      legs.map((leg) => leg.id),
    );
  });
}

function removeMember(house: House, id: Id): Promise<void> {
  return house.locks.run(id, async () => {
    if (house.state.sandboxes.get(id) !== undefined) {
      throw new NetError("conflict", `container ${id} still has a network namespace`, { hint: "stop it first" });
    }
    house.state.members.delete(id);
  });
}
