import { type Cidr, contains, type Family, familyOf, type Ip, networkOf, overlaps, prefixOf } from "../model/address.ts";
import { NetError } from "../model/errors.ts";
import { type Id, newId } from "../model/id.ts";
import type { AddressRequest, Ipam, PoolRequest } from "../model/ipam.ts";
import type { Table } from "../model/store.ts";
import { type Allocator, allocatorOf } from "./allocator.ts";
import { chooseSubnet } from "./choose-subnet.ts";
import { checkDefaultPools, type DefaultPool } from "./default-pools.ts";
import { addressesExhausted, overlapping, poolsExhausted } from "./refusals.ts";

/** A subnet that is given out. */
export interface PoolRow {
  id: string;
  family: Family;
  subnet: Cidr;
  range?: Cidr;
  /** The name of the network that has it, for messages only. */
  owner?: string;
}

/** An address that is given out. */
export interface LeaseRow {
  /** `<pool id> <address>`. */
  id: string;
  poolId: string;
  owner: Id;
  address: Ip;
}

/**
 * The allocator of one host. The tables are what is true; memory is built from them when this is called, and leases of a pool that is gone
 * (a stop in the middle of releasePool) are swept.
 * @throws invalid for a default pool that makes no sense.
 */
export function localIpam(given: {
  pools: Table<PoolRow>;
  leases: Table<LeaseRow>;
  defaultPools: readonly DefaultPool[];
  defaultPools6: readonly DefaultPool[];
}): Ipam {
  const { pools, leases } = given;
  checkDefaultPools(given.defaultPools, 4);
  checkDefaultPools(given.defaultPools6, 6);
  const allocators = new Map<string, Allocator>(pools.all().map((pool) => [pool.id, allocatorOf(pool.subnet, pool.range)]));
  for (const lease of leases.all()) {
    const allocator = allocators.get(lease.poolId);
    if (allocator === undefined) leases.delete(lease.id);
    else allocator.take(lease.address, lease.owner);
  }

  return {
    name: "default",

    async requestPool(request) {
      const { family, range, owner } = request;
      const subnet = request.subnet === undefined || isSize(request.subnet) ? choose(request) : named(family, request.subnet);
      if (range !== undefined && !contains(subnet, range)) {
        throw new NetError("invalid", `invalid ip-range ${range}: parent subnet ${subnet} doesn't contain ip-range`);
      }
      const id = newId();
      pools.put({ id, family, subnet, ...(range === undefined ? {} : { range }), ...(owner === undefined ? {} : { owner }) });
      allocators.set(id, allocatorOf(subnet, range));
      return { id, subnet };
    },

    releasePool: async (poolId) => releasePool(poolId),

    async requestAddress({ poolId, owner, address }: AddressRequest) {
      const { pool, allocator } = find(poolId);
      const ip = address ?? allocator.lowestFree();
      if (ip === undefined) throw addressesExhausted(pool, allocator.holders());
      allocator.check(ip, owner);
      leases.put({ id: leaseId(poolId, ip), poolId, owner, address: ip });
      allocator.take(ip, owner);
      return ip;
    },

    releaseAddress: async (poolId, owner, address) => releaseAddress(poolId, owner, address),

    use(poolId) {
      const { pool, allocator } = find(poolId);
      return { subnet: pool.subnet, inUse: allocator.inUse, available: allocator.available };
    },

    async keepOnly(poolIds, owners) {
      for (const { id } of pools.all()) if (!poolIds.has(id)) releasePool(id);
      for (const [poolId, allocator] of allocators) {
        for (const owner of allocator.holders().keys()) if (!owners.has(owner)) releaseAddress(poolId, owner);
      }
    },
  };

  function releasePool(poolId: string): void {
    // The pool's row first: what a failure leaves behind is then only leases of no pool, which a repetition or the next start sweeps.
    const allocator = allocators.get(poolId);
    const ids = allocator === undefined ? orphansOf(poolId) : allocator.leased().map((ip) => leaseId(poolId, ip));
    pools.delete(poolId);
    allocators.delete(poolId);
    for (const id of ids) leases.delete(id);
  }

  function releaseAddress(poolId: string, owner: Id, address?: Ip): void {
    const allocator = allocators.get(poolId);
    if (allocator === undefined) return;
    for (const ip of address === undefined ? allocator.heldBy(owner) : [address]) {
      if (allocator.ownerOf(ip) !== owner) continue;
      leases.delete(leaseId(poolId, ip));
      allocator.release(ip);
    }
  }

  function find(poolId: string): { pool: PoolRow; allocator: Allocator } {
    const pool = pools.get(poolId);
    const allocator = allocators.get(poolId);
    if (pool === undefined || allocator === undefined) throw new NetError("notFound", `address pool ${poolId} not found`);
    return { pool, allocator };
  }

  function orphansOf(poolId: string): string[] {
    return leases
      .all()
      .filter((lease) => lease.poolId === poolId)
      .map((lease) => lease.id);
  }

  function choose({ family, subnet, avoid }: PoolRequest): Cidr {
    const all = family === 4 ? given.defaultPools : given.defaultPools6;
    const size = subnet === undefined ? undefined : prefixOf(subnet);
    const fitting = size === undefined ? all : all.filter((pool) => prefixOf(pool.base) <= size).map((pool) => ({ base: pool.base, size }));
    const inUse = pools.all().filter((pool) => pool.family === family);
    const taken = [...inUse.map((pool) => pool.subnet), ...avoid.filter((block) => familyOf(block) === family)];
    const chosen = chooseSubnet(fitting, taken, family);
    if (chosen === undefined) throw poolsExhausted(family, fitting, inUse, avoid, size);
    return chosen;
  }

  function named(family: Family, subnet: Cidr): Cidr {
    if (familyOf(subnet) !== family) throw new NetError("invalid", `invalid subnet ${subnet}: an IPv${family} subnet is needed`);
    const other = pools.all().find((pool) => overlaps(pool.subnet, subnet));
    if (other !== undefined) throw overlapping(subnet, other);
    return subnet;
  }
}

/** `0.0.0.0/24` and `::/64` name a size, no place. */
function isSize(subnet: Cidr): boolean {
  return networkOf(subnet) === "0.0.0.0" || networkOf(subnet) === "::";
}

function leaseId(poolId: string, ip: Ip): string {
  return `${poolId} ${ip}`;
}
