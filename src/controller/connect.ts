import type { Endpoint, EndpointWish } from "../model/endpoint.ts";
import { NetError, wrap } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Member, Sandbox } from "../model/member.ts";
import type { Network } from "../model/network.ts";
import { gateways, leaseLeg, plugLeg } from "./attach.ts";
import { deriveEndpoints, deriveMember } from "./derive.ts";
import { type House, tell } from "./house.ts";
import { forgetFlows, publish } from "./publish.ts";
import { findMember, findNetwork, standing } from "./state.ts";
import { nextTurn, type Transaction, together, transaction } from "./transaction.ts";
import { checkWish } from "./wish.ts";

/** Puts a member on a network: at once when its sandbox is open, else when it opens. */
export function connect(house: House, ref: string, memberId: Id, wish: EndpointWish): Promise<Endpoint | undefined> {
  return house.locks.run(memberId, async () => {
    const network = findNetwork(house.state, ref);
    const member = findMember(house.state, memberId);
    checkMode(member, network);
    checkWish(network, wish);
    if (wishOf(member, network) !== undefined) {
      throw new NetError("forbidden", `endpoint with name ${member.name} already exists in network ${network.name}`, {
        hint: "disconnect it first to change its address or aliases",
      });
    }
    const sandbox = house.state.sandboxes.get(memberId);
    const wished: Member = { ...member, wishes: [...member.wishes, { network: network.name, wish }] };
    if (sandbox?.state !== "open") {
      house.state.members.put(wished);
      return undefined;
    }
    const endpoint = await transaction(house.log, async (tx) => {
      tx.undo("the wish of a member", () => house.state.members.put(member));
      return join(house, tx, { member: wished, sandbox }, network, wish, () => house.state.members.put(wished));
    });
    tell(house, "connect", network, { container: memberId });
    return endpoint;
  });
}

/** One leg, published and derived; used by connect and, for each network, by open. */
export async function join(
  house: House,
  tx: Transaction,
  who: { member: Member; sandbox: Sandbox },
  network: Network,
  wish: EndpointWish,
  meanwhile: () => void = () => undefined,
): Promise<Endpoint> {
  const { member, sandbox } = who;
  if (network.state !== "ready") throw new NetError("notFound", `network ${network.name} not found`, { hint: "it is being removed" });
  tx.undo("names and files of a member", () => rederive(house, member.id));
  const before = gateways(house, standing(house.state, member.id));
  const leg = await leaseLeg(house, tx, member, network, wish);
  const after = gateways(house, standing(house.state, member.id));
  const moved = await publish(house, tx, member, after);
  // The link goes first: while the kernel works on it, we do what else follows.
  await together([
    () => plugLeg(house, tx, { path: sandbox.path }, network, leg, { before, after }),
    async () => {
      await nextTurn();
      meanwhile();
      await together([() => deriveEndpoints(house, [...new Set([leg.id, ...moved])]), () => deriveMember(house, member, sandbox)]);
    },
  ]);
  await forgetFlows(house, house.state.endpoints.get(leg.id)?.ports ?? []);
  const attached: Endpoint = { ...(house.state.endpoints.get(leg.id) ?? leg), state: "attached" };
  house.state.endpoints.put(attached);
  return attached;
}

/** Undos run last first, so by now rows, ports and links are as they were: what follows from them is set again. */
async function rederive(house: House, memberId: Id): Promise<void> {
  const member = house.state.members.get(memberId);
  const sandbox = house.state.sandboxes.get(memberId);
  if (member === undefined || sandbox?.state !== "open") return;
  await deriveEndpoints(
    house,
    standing(house.state, memberId).map((endpoint) => endpoint.id),
  );
  await deriveMember(house, member, sandbox);
}

/** By name or by id: a wish keeps what was typed when the network need not exist yet. */
export function wishOf(member: Member, network: Network): Member["wishes"][number] | undefined {
  return member.wishes.find((wish) => wish.network === network.name || wish.network === network.id);
}

function checkMode(member: Member, network: Network): void {
  if (network.driver === "host") {
    throw new NetError("invalid", "cannot connect container to host network - container must be created in host network mode");
  }
  if (member.mode !== "own") {
    throw new NetError(
      "invalid",
      "container sharing network namespace with another container or host cannot be connected to any other network",
    );
  }
  const others = member.wishes.some((wish) => wish.network !== "none");
  if ((network.driver === "null" && others) || member.wishes.some((wish) => wish.network === "none")) {
    throw new NetError("invalid", "container cannot be connected to multiple networks with one of the networks in private (none) mode");
  }
}

/** The words that Docker puts before whatever keeps a container from its networks. */
export function settingUp(error: unknown): NetError {
  return wrap("failed to set up container networking", error);
}
