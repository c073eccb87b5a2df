import {
  bitsOf,
  type Cidr,
  contains,
  type Family,
  familyOf,
  networkOf as firstOf,
  type Ip,
  ipFrom,
  prefixOf,
  toBig,
} from "../model/address.ts";
import { messageOf, NetError } from "../model/errors.ts";
import { newId } from "../model/id.ts";
import type { Network, NetworkSpec, Pool, PoolWish } from "../model/network.ts";
import { networkPolicy } from "./derive.ts";
import { driverOf, type House, ipamOf, tell } from "./house.ts";
import { routeLoopback } from "./loopback.ts";
import { parseResolvConf } from "./names.ts";
import { type Transaction, transaction } from "./transaction.ts";

/** Names that mean a predefined network, or that `--network` reads as a mode. */
const RESERVED = ["bridge", "host", "none", "default"];

/** Checks, leases the pools, lets the driver make its links, tells the firewall. */
export async function createNetwork(
  house: House,
  spec: NetworkSpec,
  options: { predefined: boolean } = { predefined: false },
): Promise<Network> {
  const driver = driverOf(house, spec.driver);
  const id = newId();
  checkSpec(house, spec, options.predefined);
  driver.check(
    id,
    spec,
    house.state.networks.all().filter((other) => other.driver === spec.driver),
  );
  const draft: Network = {
    ...wordsOf(spec),
    id,
    scope: driver.scope,
    createdAt: house.now(),
    pools: [],
    predefined: options.predefined,
    state: "creating",
  };
  house.state.networks.put(draft);
  const network = await transaction(house.log, async (tx) => {
    tx.forget(() => house.state.networks.delete(id));
    const leased = driver.addressed ? await leasePools(house, tx, draft, spec) : draft;
    house.state.networks.put(leased);
    tx.undo("a network's links", () => driver.remove(leased));
    await driver.create(leased);
    tx.undo("a network's rules", () => house.firewall.change([], [id]));
    await house.firewall.change(networkPolicy(house, leased), []);
    tx.undo("routes to loopback", () => routeLoopback(house, leased, false));
    await routeLoopback(house, leased, true);
    const ready: Network = { ...leased, state: "ready" };
    house.state.networks.put(ready);
    return ready;
  });
  await house.durable.flush();
  tell(house, "create", network);
  return network;
}

function checkSpec(house: House, spec: NetworkSpec, predefined: boolean): void {
  if (!predefined && RESERVED.includes(spec.name)) {
    throw new NetError("forbidden", `operation is not permitted on predefined ${spec.name} network `);
  }
  if (spec.name === "") throw new NetError("invalid", "invalid name: name is empty");
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(spec.name)) {
    throw new NetError(
      "invalid",
      `invalid name: ${JSON.stringify(spec.name)}: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, at most 255 of them`,
    );
  }
  if (house.state.networks.all().some((network) => network.name === spec.name)) {
    throw new NetError("conflict", `network with name ${spec.name} already exists`);
  }
  if (!spec.enableIPv4 && !spec.enableIPv6) throw new NetError("invalid", "IPv4 or IPv6 must be enabled");
}

function wordsOf(spec: NetworkSpec): Omit<NetworkSpec, "pools"> {
  const { pools: _, ...words } = spec;
  return words;
}

async function leasePools(house: House, tx: Transaction, draft: Network, spec: NetworkSpec): Promise<Network> {
  const families = ([4, 6] as const).filter((family) => (family === 4 ? spec.enableIPv4 : spec.enableIPv6));
  const avoid = await occupied(house);
  let network = draft;
  for (const family of families) {
    const wishes = spec.pools.filter((wish) => wish.subnet !== undefined && familyOf(wish.subnet) === family);
    for (const wish of wishes.length > 0 ? wishes : [{ aux: {} }]) {
      const pool = await leasePool(house, tx, network, family, wish, avoid);
      network = { ...network, pools: [...network.pools, pool] };
    }
  }
  return network;
}

/** A subnet with its gateway and auxiliary addresses leased in it, so that no container gets them. */
async function leasePool(house: House, tx: Transaction, network: Network, family: Family, wish: PoolWish, avoid: Cidr[]): Promise<Pool> {
  const ipam = ipamOf(house, network.ipamDriver);
  const asked = {
    ...(wish.subnet === undefined ? {} : { subnet: wish.subnet }),
    ...(wish.range === undefined ? {} : { range: wish.range }),
  };
  const { id, subnet } = await ipam.requestPool({ family, avoid, owner: network.name, ...asked });
  tx.undo("a network's address pool", () => ipam.releasePool(id));
  // Stored before the first lease in it, so that a crash in between leaves a pool that is known.
  const given = { subnetGiven: wish.subnet !== undefined, gatewayGiven: wish.gateway !== undefined };
  const pool: Pool = { id, family, ...asked, subnet, ...given, aux: wish.aux };
  house.state.networks.put({ ...network, pools: [...network.pools, pool] });
  const gateway = wish.gateway ?? firstGateway(pool);
  return leaseFixed(house, network, gateway === undefined ? pool : { ...pool, gateway });
}

/** Leases what a network itself holds in a pool: its gateway and its auxiliary addresses. Doing it twice is doing it once. */
export async function leaseFixed(house: House, network: Network, pool: Pool): Promise<Pool> {
  const ipam = ipamOf(house, network.ipamDriver);
  await ipam.releaseAddress(pool.id, network.id);
  for (const [name, address] of Object.entries(pool.aux)) {
    if (!contains(pool.subnet, address)) {
      throw new NetError(
        "invalid",
        `invalid network config:\ninvalid auxiliary address ${name}: parent subnet ${pool.subnet} doesn't contain this address`,
      );
    }
    await ipam.requestAddress({ poolId: pool.id, owner: network.id, address });
  }
  if (pool.gateway === undefined) return pool;
  try {
    await ipam.requestAddress({ poolId: pool.id, owner: network.id, address: pool.gateway });
  } catch (error) {
    throw new NetError("internal", `failed to allocate gateway (${pool.gateway}): ${messageOf(error)}`, { cause: error });
  }
  return pool;
}

/** The first address that is not an auxiliary one, of the range where there is one. */
function firstGateway(pool: Pool): Ip | undefined {
  const block = pool.range ?? pool.subnet;
  const taken = new Set<Ip>(Object.values(pool.aux));
  // A subnet's own first address names the subnet, unless the subnet is a point-to-point one [RFC 3021].
  if (prefixOf(pool.subnet) < bitsOf(pool.family) - 1) taken.add(firstOf(pool.subnet));
  for (let value = toBig(firstOf(block)); ; value++) {
    const ip = ipFrom(value, pool.family);
    if (!contains(block, ip)) return undefined;
    if (!taken.has(ip)) return ip;
  }
}

/** Where the host itself goes: its routes and its resolvers. A pool that is chosen for a person must not hide them. */
async function occupied(house: House): Promise<Cidr[]> {
  const routes = await house.kernel.routes(house.kernel.host);
  const { servers } = parseResolvConf(await house.files.read(house.resolvConf));
  return [...routes, ...servers.map((ip) => `${ip}/${bitsOf(familyOf(ip))}` as Cidr)];
}
