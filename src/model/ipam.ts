import type { Cidr, Family, Ip } from "./address.ts";
import type { Id } from "./id.ts";

export interface PoolRequest {
  family: Family;
  /** Absent: the first free block of the default pools. `0.0.0.0/24` or `::/64`: a block of this size from them. */
  subnet?: Cidr;
  range?: Cidr;
  /** Blocks that must not be given out by choice: the host's routes and resolvers. A subnet that a person names may overlap them. */
  avoid: Cidr[];
  /** The network's name: told when somebody else wants the same block. */
  owner?: string;
}

export interface AddressRequest {
  poolId: string;
  /** Who holds it: an endpoint id, or a network id for gateway and auxiliary addresses. Release is by owner. */
  owner: Id;
  /** A particular one; absent: the lowest free one in the range. */
  address?: Ip;
}

export interface PoolUse {
  subnet: Cidr;
  inUse: number;
  /** Dynamic ones that are left; numbers beyond 2^53 saturate. */
  available: number;
}

/** Address pools and leases. Every method is all or nothing and safe to repeat. */
export interface Ipam {
  readonly name: string;
  /** @throws forbidden on overlap, invalid when the default pools are used up (the hint says by whom). */
  requestPool(request: PoolRequest): Promise<{ id: string; subnet: Cidr }>;
  /** Releases the leases in it too. Absence is success. */
  releasePool(poolId: string): Promise<void>;
  /**
   * A particular one that the owner has already is given again.
   * @throws forbidden when it is somebody else's, unavailable when none is left, invalid when it is out of range.
   */
  requestAddress(request: AddressRequest): Promise<Ip>;
  /** Everything that an owner holds in a pool, or only one address. Absence is success. */
  releaseAddress(poolId: string, owner: Id, address?: Ip): Promise<void>;
  use(poolId: string): PoolUse;
  /** Forgets pools and leases that nobody known holds: left by a crash between the lease and the row of its owner. */
  keepOnly(pools: ReadonlySet<string>, owners: ReadonlySet<Id>): Promise<void>;
}
