import type { Endpoint } from "../model/endpoint.ts";
import { NetError } from "../model/errors.ts";
import { type Id, shortId } from "../model/id.ts";
import type { Member, Sandbox } from "../model/member.ts";
import { detachEndpoint } from "./attach.ts";
import { join, settingUp } from "./connect.ts";
import { deriveMember, networkOf, stopResolver } from "./derive.ts";
import { type House, tell } from "./house.ts";
import { forgetFlows } from "./publish.ts";
import { findMember, findNetwork } from "./state.ts";
import { type Transaction, tearDown, transaction } from "./transaction.ts";
import { checkWish } from "./wish.ts";

/** Makes a member's network namespace and joins every network it asked for: all of it or nothing. */
export function open(house: House, memberId: Id): Promise<Sandbox> {
  return house.locks.run(memberId, async () => {
    const member = findMember(house.state, memberId);
    const present = house.state.sandboxes.get(memberId);
    if (present?.state === "open") return present;
    if (present !== undefined) await takeDown(house, memberId);
    try {
      const sandbox = await transaction(house.log, (tx) => openNow(house, tx, member));
      for (const leg of house.state.endpoints.of({ memberId })) tellOf(house, "connect", leg);
      return sandbox;
    } catch (error) {
      throw settingUp(error);
    }
  });
}

async function openNow(house: House, tx: Transaction, member: Member): Promise<Sandbox> {
  const path = pathOf(house, member);
  house.state.sandboxes.put({ id: member.id, path, state: "opening" });
  tx.forget(() => house.state.sandboxes.delete(member.id));
  tx.undo("the resolver of a sandbox", () => stopResolver(house, member.id));
  if (member.mode === "own") {
    tx.undo("a network namespace", () => house.kernel.removeNetns(path));
    await house.kernel.createNetns(path);
  }
  const sandbox: Sandbox = { id: member.id, path, state: "open" };
  if (typeof member.mode !== "object") {
    for (const { network: ref, wish } of member.wishes) {
      const network = findNetwork(house.state, ref);
      checkWish(network, wish);
      await join(house, tx, { member, sandbox }, network, wish);
    }
  }
  if (member.wishes.length === 0 || typeof member.mode === "object") await deriveMember(house, member, sandbox);
  house.state.sandboxes.put(sandbox);
  return sandbox;
}

/** Leaves every network and unpins the namespace. Absence is success. */
export function close(house: House, memberId: Id): Promise<void> {
  return house.locks.run(memberId, () => takeDown(house, memberId));
}

/**
 * Whatever fails on the way, the rest is taken down too. The ports are given back only when no rule leads to them any more: whoever takes one
 * then finds it free in every sense.
 */
export async function takeDown(house: House, memberId: Id): Promise<void> {
  const sandbox = house.state.sandboxes.get(memberId);
  const legs = house.state.endpoints.of({ memberId });
  if (sandbox === undefined && legs.length === 0) return;
  if (sandbox !== undefined) house.state.sandboxes.put({ ...sandbox, state: "opening" });
  await tearDown([
    () => stopResolver(house, memberId),
    ...legs.map((leg) => async () => {
      await detachEndpoint(house, leg);
      tellOf(house, "disconnect", leg);
    }),
    () =>
      forgetFlows(
        house,
        legs.flatMap((leg) => leg.ports),
      ),
    () => house.ports.release(memberId),
    () =>
      sandbox === undefined || sandbox.path === house.kernel.host.path || !owns(house, memberId)
        ? undefined
        : house.kernel.removeNetns(sandbox.path),
  ]);
  house.state.sandboxes.delete(memberId);
}

function tellOf(house: House, action: "connect" | "disconnect", leg: Endpoint): void {
  const network = networkOf(house, leg);
  if (network !== undefined) tell(house, action, network, { container: leg.memberId });
}

/** A member that shares another's namespace must not take it away. */
function owns(house: House, memberId: Id): boolean {
  const mode = house.state.members.get(memberId)?.mode;
  return mode === undefined || mode === "own";
}

function pathOf(house: House, member: Member): string {
  if (member.mode === "host") return house.kernel.host.path;
  if (member.mode === "own") return `${house.netnsDir}/${shortId(member.id)}`;
  const other = house.state.sandboxes.get(member.mode.shareWith);
  if (other?.state !== "open") {
    const name = house.state.members.get(member.mode.shareWith)?.name ?? member.mode.shareWith;
    throw new NetError("conflict", `cannot join network namespace of a non running container: container ${name} is not running`, {
      hint: `start ${name} first`,
    });
  }
  return other.path;
}
