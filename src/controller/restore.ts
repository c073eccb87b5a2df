import type { Endpoint } from "../model/endpoint.ts";
import { messageOf } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Member, Sandbox } from "../model/member.ts";
import type { Network } from "../model/network.ts";
import { detachEndpoint, gateways } from "./attach.ts";
import { wishOf } from "./connect.ts";
import { leaseFixed } from "./create-network.ts";
import { deriveAll, deriveEndpoints, deriveMember, networkOf } from "./derive.ts";
import { driverOf, type House } from "./house.ts";
import { routeLoopback } from "./loopback.ts";
import { ensureDefaults, unplug } from "./plug.ts";
import { publish } from "./publish.ts";
import { finishRemoval } from "./remove-network.ts";
import { takeDown } from "./sandbox.ts";
import { standing } from "./state.ts";
import { transaction } from "./transaction.ts";

/**
 * After a start: what was half done is undone, networks are made again where the machine lost them, sandboxes of members that still live are
 * kept with their addresses and ports, the others are closed; then everything derived is set whole.
 * One thing that cannot be restored does not keep the others down: it is told and left for the next start.
 */
export async function restore(house: House, pidOf: (memberId: Id) => number | undefined): Promise<void> {
  const attempt = async (what: string, fields: Record<string, unknown>, deed: () => Promise<void>) => {
    try {
      await deed();
    } catch (error) {
      house.log.error(`${what} failed`, { ...fields, error: messageOf(error) });
    }
  };
  for (const endpoint of house.state.endpoints.all()) {
    if (endpoint.state !== "attached") await attempt("sweeping an endpoint", { id: endpoint.id }, () => detachEndpoint(house, endpoint));
  }
  for (const network of house.state.networks.all()) {
    if (network.state === "ready") await attempt("restoring a network", { network: network.name }, () => restoreNetwork(house, network));
    else await attempt("finishing the removal of a network", { network: network.name }, () => finishRemoval(house, network));
  }
  await attempt("sweeping leases", {}, () => sweepLeases(house));
  for (const sandbox of house.state.sandboxes.all()) {
    const pid = pidOf(sandbox.id);
    if (pid === undefined || sandbox.state !== "open") {
      await attempt("closing a sandbox", { id: sandbox.id }, () => takeDown(house, sandbox.id));
    } else {
      await attempt("keeping a sandbox", { id: sandbox.id, pid }, () => keepNamespace(house, sandbox, pid));
    }
  }
  await deriveAll(house);
  for (const network of house.state.networks.all()) {
    if (network.state === "ready") await attempt("routing loopback", { network: network.name }, () => routeLoopback(house, network, true));
  }
  for (const sandbox of house.state.sandboxes.all()) {
    const member = house.state.members.get(sandbox.id);
    if (member !== undefined) await attempt("restoring a member", { member: member.name }, () => restoreMember(house, member, sandbox));
  }
}

async function sweepLeases(house: House): Promise<void> {
  const networks = house.state.networks.all();
  const pools = new Set(networks.flatMap((network) => network.pools.map((pool) => pool.id)));
  const owners = new Set([...networks, ...house.state.endpoints.all()].map((row) => row.id));
  for (const ipam of house.ipams.values()) await ipam.keepOnly(pools, owners);
}

/** The driver's create keeps what is there. Leases of a reboot ago are gone with the exec-root: the network's own are taken again. */
async function restoreNetwork(house: House, network: Network): Promise<void> {
  await driverOf(house, network.driver).create(network);
  for (const pool of network.pools) await leaseFixed(house, network, pool);
}

/** A daemon that comes back in another mount namespace does not see the pins of the one before. */
async function keepNamespace(house: House, sandbox: Sandbox, pid: number): Promise<void> {
  if (sandbox.path === house.kernel.host.path || typeof house.state.members.get(sandbox.id)?.mode === "object") return;
  if (!(await house.kernel.isNetns(sandbox.path))) await house.kernel.adoptNetns(sandbox.path, pid);
}

/**
 * A crash in the middle of a connect or a disconnect leaves a wish without a leg, or a leg without a wish: the connect was never answered, the
 * disconnect is finished. Then whoever stays gets the default routes and the ports.
 */
async function restoreMember(house: House, row: Member, sandbox: Sandbox): Promise<void> {
  const member = agree(house, row);
  for (const leg of legsWithoutWish(house, member)) {
    await unplug(house.kernel, { path: sandbox.path }, leg);
    await detachEndpoint(house, leg);
  }
  const legs = standing(house.state, member.id);
  for (const leg of legs) await rejoin(house, leg);
  const after = gateways(house, legs);
  await ensureDefaults(house.kernel, { path: sandbox.path }, after);
  const bindings = legs.flatMap((endpoint) => endpoint.ports);
  for (const { binding, why } of await house.ports.holdAgain({ id: member.id, name: member.name }, bindings)) {
    house.log.error("a published port could not be held again: its traffic still goes to the container", {
      member: member.name,
      binding,
      why,
    });
  }
  await transaction(house.log, (tx) => publish(house, tx, member, after));
  await deriveEndpoints(
    house,
    legs.map((leg) => leg.id),
  );
  await deriveMember(house, member, sandbox);
}

function agree(house: House, member: Member): Member {
  if (member.mode !== "own") return member;
  const on = new Set(standing(house.state, member.id).flatMap((leg) => [leg.networkId, networkOf(house, leg)?.name]));
  const wishes = member.wishes.filter((wish) => on.has(wish.network));
  if (wishes.length === member.wishes.length) return member;
  const agreed = { ...member, wishes };
  house.state.members.put(agreed);
  return agreed;
}

function legsWithoutWish(house: House, member: Member): Endpoint[] {
  return standing(house.state, member.id).filter((leg) => {
    const network = networkOf(house, leg);
    return network === undefined || wishOf(member, network) === undefined;
  });
}

/** A bridge that was lost was made anew, empty: its ports are put back into it. */
async function rejoin(house: House, leg: Endpoint): Promise<void> {
  const network = networkOf(house, leg);
  const bridge = network === undefined ? undefined : driverOf(house, network.driver).policy(network)?.bridge;
  if (bridge === undefined || leg.hostIfname === undefined) return;
  const [port, master] = [await house.kernel.link(house.kernel.host, leg.hostIfname), await house.kernel.link(house.kernel.host, bridge)];
  if (port === undefined || master === undefined || port.masterIndex === master.index) return;
  await house.kernel.apply(house.kernel.host, [{ verb: "link set", dev: port.index, master: bridge, up: true }]);
}
