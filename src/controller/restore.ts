import { messageOf } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Member, Sandbox } from "../model/member.ts";
import type { Network } from "../model/network.ts";
import { detachEndpoint } from "./attach.ts";
import { leaseFixed } from "./create-network.ts";
import { deriveAll, deriveMember } from "./derive.ts";
import { driverOf, type House } from "./house.ts";
import { finishRemoval } from "./remove-network.ts";
import { takeDown } from "./sandbox.ts";
import { standing } from "./state.ts";

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

async function restoreMember(house: House, member: Member, sandbox: Sandbox): Promise<void> {
  const endpoints = standing(house.state, member.id);
  const bindings = endpoints.flatMap((endpoint) => endpoint.ports);
  for (const { binding, why } of await house.ports.holdAgain({ id: member.id, name: member.name }, bindings)) {
    house.log.error("a published port could not be held again: its traffic still goes to the container", {
      member: member.name,
      binding,
      why,
    });
  }
  await deriveMember(house, member, sandbox);
}
