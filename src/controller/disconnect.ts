import type { Endpoint } from "../model/endpoint.ts";
import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Member } from "../model/member.ts";
import { dismantle, gateways } from "./attach.ts";
import { wishOf } from "./connect.ts";
import { deriveEndpoints, deriveMember } from "./derive.ts";
import type { Gateways } from "./gateway.ts";
import { type House, tell } from "./house.ts";
import { unplug } from "./plug.ts";
import { forgetFlows, publish } from "./publish.ts";
import { findMember, findNetwork, standing } from "./state.ts";
import { type Transaction, together } from "./transaction.ts";

/** Takes a member off a network. With `force` it succeeds when the member is not on it. */
export function disconnect(house: House, ref: string, memberId: Id, options: { force: boolean }): Promise<void> {
  return house.locks.run(memberId, async () => {
    const network = findNetwork(house.state, ref);
    const member = findMember(house.state, memberId);
    if (network.driver === "host") {
      throw new NetError("invalid", "cannot disconnect container from host network - container was created in host network mode");
    }
    const endpoint = house.state.endpoints.of({ memberId }).find(({ networkId }) => networkId === network.id);
    const wish = wishOf(member, network);
    if (endpoint === undefined && wish === undefined) {
      if (options.force) return;
      const which = house.state.sandboxes.get(memberId) === undefined ? "the network" : "network";
      throw new NetError("internal", `container ${memberId} is not connected to ${which} ${network.name}`);
    }
    const without: Member = { ...member, wishes: member.wishes.filter((other) => other !== wish) };
    house.state.members.put(without);
    if (endpoint === undefined) return;
    await leave(house, without, endpoint);
    tell(house, "disconnect", network, { container: memberId });
  });
}

/**
 * One leg of a sandbox that goes on living; ports and default routes go over to the legs that stay. Nothing is undone: what a failure leaves
 * is marked as going, and the same verb again, or the next start, finishes it.
 */
async function leave(house: House, member: Member, endpoint: Endpoint): Promise<void> {
  const sandbox = house.state.sandboxes.get(member.id);
  const going: Endpoint = { ...endpoint, state: "detaching" };
  house.state.endpoints.put(going);
  const staying = standing(house.state, member.id);
  const after = gateways(house, staying);
  // What is done in the sandbox, what follows from the store and what the member reads do not wait for each other.
  await together([
    async () => {
      if (sandbox !== undefined) await unplug(house.kernel, { path: sandbox.path }, going, heirs(house, going, staying));
    },
    async () => {
      await publish(house, NO_UNDO, member, after, going.ports);
      await dismantle(house, { ...going, ports: [] });
      await deriveEndpoints(house, stayingIds(house, member));
      await forgetFlows(house, going.ports);
      if (after.ipv4 === undefined && after.ipv6 === undefined) house.ports.release(member.id);
    },
    async () => {
      if (sandbox?.state === "open") await deriveMember(house, member, sandbox);
    },
  ]);
  house.state.endpoints.delete(endpoint.id);
}

/** Who carries from now on what this one carried. */
function heirs(house: House, going: Endpoint, staying: Endpoint[]): Gateways {
  const before = gateways(house, [...staying, going]);
  const after = gateways(house, staying);
  return {
    ipv4: before.ipv4?.id === going.id ? after.ipv4 : undefined,
    ipv6: before.ipv6?.id === going.id ? after.ipv6 : undefined,
  };
}

/** All of them, not only those that got ports now: an earlier try may have moved the ports and failed after it. */
function stayingIds(house: House, member: Member): Id[] {
  return standing(house.state, member.id).map((endpoint) => endpoint.id);
}

const NO_UNDO: Transaction = { undo() {}, forget() {} };
