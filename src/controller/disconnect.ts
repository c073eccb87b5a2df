import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Member } from "../model/member.ts";
import { detachEndpoint, gateways } from "./attach.ts";
import { wishOf } from "./connect.ts";
import { deriveEndpoints, deriveMember } from "./derive.ts";
import { type House, tell } from "./house.ts";
import { unplug } from "./plug.ts";
import { publish } from "./publish.ts";
import { attached, findMember, findNetwork } from "./state.ts";
import { tearDown, transaction } from "./transaction.ts";

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
      throw new NetError("internal", `container ${memberId} is not connected to network ${network.name}`);
    }
    const without: Member = { ...member, wishes: member.wishes.filter((other) => other !== wish) };
    house.state.members.put(without);
    if (endpoint === undefined) return;
    await leave(house, without, endpoint.id);
    tell(house, "disconnect", network, { container: memberId });
  });
}

/** One leg of a sandbox that goes on living; ports and default routes go over to the legs that stay. */
async function leave(house: House, member: Member, endpointId: Id): Promise<void> {
  const sandbox = house.state.sandboxes.get(member.id);
  const endpoint = house.state.endpoints.get(endpointId);
  if (endpoint === undefined) return;
  const all = attached(house.state, member.id);
  const before = gateways(house, all);
  const after = gateways(
    house,
    all.filter((other) => other.id !== endpointId),
  );
  await transaction(house.log, async (tx) => {
    const moved = await publish(house, tx, member, after);
    await tearDown([
      () => (sandbox === undefined ? undefined : unplug(house.kernel, { path: sandbox.path }, endpoint, before, after)),
      () => detachEndpoint(house, house.state.endpoints.get(endpointId) ?? endpoint),
      () =>
        deriveEndpoints(
          house,
          moved.filter((id) => id !== endpointId),
        ),
      () => (sandbox?.state === "open" ? deriveMember(house, member, sandbox) : undefined),
    ]);
  });
}
