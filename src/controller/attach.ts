import { ipBytes, type Mac } from "../model/address.ts";
import type { Endpoint, EndpointWish } from "../model/endpoint.ts";
import { NetError } from "../model/errors.ts";
import { newId } from "../model/id.ts";
import type { Netns } from "../model/kernel.ts";
import type { Member } from "../model/member.ts";
import type { Network } from "../model/network.ts";
import { deriveEndpoints, networkOf } from "./derive.ts";
import { type Gateways, gatewaysOf } from "./gateway.ts";
import { driverOf, type House, ipamOf } from "./house.ts";
import { namesOf } from "./names.ts";
import { ensureDefaults, type Plugged, plug, unplug } from "./plug.ts";
import { type Transaction, tearDown, together } from "./transaction.ts";

const IFNAME = "com.docker.network.endpoint.ifname";

/** The first half of a leg: its row and its addresses. From here on rules and names follow from it. @returns it as it is stored */
export async function leaseLeg(house: House, tx: Transaction, member: Member, network: Network, wish: EndpointWish): Promise<Endpoint> {
  const draft = draftEndpoint(house, member, network, wish);
  house.state.endpoints.put(draft);
  tx.forget(() => house.state.endpoints.delete(draft.id));
  tx.undo("rules and names of an endpoint", () => underive(house, draft));
  const leased = driverOf(house, network.driver).addressed ? await lease(house, tx, draft, network) : draft;
  const leg: Endpoint = { ...leased, state: "plugging" };
  house.state.endpoints.put(leg);
  return leg;
}

/** The second half: its link, plugged into the sandbox and up. */
export async function plugLeg(
  house: House,
  tx: Transaction,
  netns: Netns,
  network: Network,
  leg: Endpoint,
  routes: { before: Gateways; after: Gateways },
): Promise<void> {
  tx.undo("moving the default route", () => ensureDefaults(house.kernel, netns, routes.before));
  let plugged: Plugged = {};
  tx.undo("attach", () => leave(house, { ...leg, ...plugged }, network, netns));
  const attachment = await driverOf(house, network.driver).attach(leg, network, netns);
  plugged = await plug(house.kernel, netns, { attachment, endpoint: leg, network }, routes.before, routes.after);
  // Its ports may have been put on it meanwhile.
  house.state.endpoints.put({ ...(house.state.endpoints.get(leg.id) ?? leg), ...plugged });
}

/**
 * Takes one leg away, all of it, whatever fails on the way; what is not there is success. The row goes last and only when nothing of the
 * endpoint is left, so calling again (or the next start) finishes what failed.
 */
export async function detachEndpoint(house: House, endpoint: Endpoint): Promise<void> {
  await dismantle(house, endpoint);
  house.state.endpoints.delete(endpoint.id);
}

/** All of a leg but its row. */
export async function dismantle(house: House, endpoint: Endpoint): Promise<void> {
  house.state.endpoints.put({ ...endpoint, state: "detaching" });
  const network = networkOf(house, endpoint);
  await tearDown([
    () =>
      together([
        () => deriveEndpoints(house, [endpoint.id]),
        async () => {
          if (network !== undefined) await driverOf(house, network.driver).detach(endpoint, network);
        },
      ]),
    // An address is given to the next one only when no rule and no link has it any more.
    () => release(house, endpoint, network),
  ]);
}

/** Out of the sandbox at once, then away. */
async function leave(house: House, endpoint: Endpoint, network: Network, netns: Netns): Promise<void> {
  await tearDown([() => unplug(house.kernel, netns, endpoint), () => driverOf(house, network.driver).detach(endpoint, network)]);
}

export function gateways(house: House, endpoints: Endpoint[]): Gateways {
  return gatewaysOf(endpoints, (endpoint) => networkOf(house, endpoint));
}

function draftEndpoint(house: House, member: Member, network: Network, wish: EndpointWish): Endpoint {
  const base: Endpoint = {
    id: newId(),
    networkId: network.id,
    memberId: member.id,
    state: "attaching",
    wish,
    names: namesOf(member, wish.aliases),
    publishes: member.ports.length > 0,
    ports: [],
  };
  const driver = driverOf(house, network.driver);
  return driver.addressed ? { ...base, ifname: freeIfname(house, member, network, wish) } : base;
}

/** What was asked for, else the lowest free number after the network's prefix: the order of joining is the order of ethN. */
function freeIfname(house: House, member: Member, network: Network, wish: EndpointWish): string {
  const taken = new Set(house.state.endpoints.of({ memberId: member.id }).map((endpoint) => endpoint.ifname));
  const asked = wish.driverOptions[IFNAME];
  if (asked !== undefined) {
    if (!taken.has(asked)) return asked;
    throw new NetError("conflict", `interface name ${asked} is taken in container ${member.name}`, { hint: `choose another ${IFNAME}` });
  }
  const prefix = driverOf(house, network.driver).preferences(network).ifacePrefix;
  let n = 0;
  while (taken.has(`${prefix}${n}`)) n++;
  return `${prefix}${n}`;
}

/** Leases an address of each family that the network has; the MAC follows the address unless it was asked for. */
async function lease(house: House, tx: Transaction, endpoint: Endpoint, network: Network): Promise<Endpoint> {
  const ipam = ipamOf(house, network.ipamDriver);
  tx.undo("leases of an endpoint", () => release(house, endpoint, network));
  let leased = endpoint;
  for (const pool of network.pools) {
    const wanted = pool.family === 4 ? endpoint.wish.ipv4 : endpoint.wish.ipv6;
    const ip = await ipam.requestAddress({ poolId: pool.id, owner: endpoint.id, ...(wanted === undefined ? {} : { address: wanted }) });
    const gateway = network.internal ? undefined : pool.gateway;
    const routed = gateway === undefined ? {} : pool.family === 4 ? { gateway4: gateway } : { gateway6: gateway };
    leased = { ...leased, ...(pool.family === 4 ? { ipv4: ip } : { ipv6: ip }), ...routed };
  }
  return { ...leased, mac: endpoint.wish.mac ?? macOf(leased) };
}

async function release(house: House, endpoint: Endpoint, network: Network | undefined): Promise<void> {
  if (network === undefined) return;
  const ipam = ipamOf(house, network.ipamDriver);
  await tearDown(network.pools.map((pool) => () => ipam.releaseAddress(pool.id, endpoint.id)));
}

/** 02:42 and the IPv4 address: the neighbours' caches stay right when an address is given to the next container. */
function macOf(endpoint: Endpoint): Mac {
  const tail = endpoint.ipv4 === undefined ? (endpoint.id.match(/../g) ?? []).slice(0, 4) : hexBytes(ipBytes(endpoint.ipv4));
  return ["02", "42", ...tail].join(":") as Mac;
}

function hexBytes(bytes: Uint8Array): string[] {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
}

/** The undo of deriving: an endpoint that is not attached has neither rules nor names. */
async function underive(house: House, endpoint: Endpoint): Promise<void> {
  const now = house.state.endpoints.get(endpoint.id);
  if (now !== undefined) house.state.endpoints.put({ ...now, state: "detaching", ports: [] });
  await deriveEndpoints(house, [endpoint.id]);
}
