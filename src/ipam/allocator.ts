import {
  bitsOf,
  type Cidr,
  contains,
  type Family,
  familyOf,
  type Ip,
  ipFrom,
  lastOf,
  networkOf,
  prefixOf,
  toBig,
} from "../model/address.ts";
import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { sparseBitmap } from "./sparse-bitmap.ts";

/** The addresses of one pool: who holds which, and which is next. Pure: it stores nothing and never waits. */
export interface Allocator {
  /** Addresses that nobody can get any more, the reserved ones among them. */
  readonly inUse: number;
  /** Dynamic addresses that are left; saturates at 2^53 - 1. */
  readonly available: number;
  /** How many addresses each owner holds. */
  holders(): Map<Id, number>;
  leased(): Ip[];
  /** What an owner holds. */
  heldBy(owner: Id): Ip[];
  ownerOf(ip: Ip): Id | undefined;
  /** The lowest free address of the range; it is not taken yet. */
  lowestFree(): Ip | undefined;
  /** @throws invalid outside of the subnet, forbidden when it is reserved or somebody else's. */
  check(ip: Ip, owner: Id): void;
  /** `check` must have passed. */
  take(ip: Ip, owner: Id): void;
  release(ip: Ip): void;
}

/** Offsets are exact numbers up to here. A larger range (an IPv6 /64) gives its first 2^53 addresses, more than can ever be leased. */
const MAX_WINDOW = 2n ** 53n;

/** `range` is where dynamic addresses come from; it must lie in the subnet. */
export function allocatorOf(subnet: Cidr, range: Cidr = subnet): Allocator {
  const family = familyOf(subnet);
  const first = toBig(networkOf(range));
  const count = 1n << BigInt(bitsOf(family) - prefixOf(range));
  const windowSize = Number(count < MAX_WINDOW ? count : MAX_WINDOW);
  const bits = sparseBitmap(windowSize);
  const owners = new Map<Ip, Id>();
  const held = new Map<Id, Set<Ip>>();
  const reserved = reservedOf(subnet, family);
  for (const ip of reserved.keys()) mark(ip, true);

  return {
    get inUse() {
      return owners.size + reserved.size;
    },
    get available() {
      return Math.min(windowSize - bits.size, Number.MAX_SAFE_INTEGER);
    },
    holders: () => new Map(Array.from(held, ([owner, ips]) => [owner, ips.size])),
    leased: () => [...owners.keys()],
    heldBy: (owner) => [...(held.get(owner) ?? [])],
    ownerOf: (ip) => owners.get(ip),

    lowestFree() {
      const offset = bits.lowestGap();
      return offset === undefined ? undefined : ipFrom(first + BigInt(offset), family);
    },

    check(ip, owner) {
      if (!contains(subnet, ip)) {
        throw new NetError("invalid", "requested address is out of range", { hint: `${ip} is not in ${subnet}` });
      }
      const why = reserved.get(ip);
      const holder = owners.get(ip);
      if (why !== undefined) throw taken(`${ip} is the ${why} of ${subnet}`);
      if (holder !== undefined && holder !== owner) throw taken(`${ip} is held by ${holder.slice(0, 12)}`);
    },

    take(ip, owner) {
      owners.set(ip, owner);
      const ips = held.get(owner);
      if (ips === undefined) held.set(owner, new Set([ip]));
      else ips.add(ip);
      mark(ip, true);
    },

    release(ip) {
      const owner = owners.get(ip);
      if (owner === undefined) return;
      owners.delete(ip);
      const ips = held.get(owner);
      ips?.delete(ip);
      if (ips?.size === 0) held.delete(owner);
      mark(ip, false);
    },
  };

  function mark(ip: Ip, used: boolean): void {
    const offset = toBig(ip) - first;
    if (offset < 0n || offset >= BigInt(windowSize)) return;
    if (used) bits.add(Number(offset));
    else bits.delete(Number(offset));
  }
}

/** Addresses with a meaning of their own; point-to-point subnets have none ([RFC 3021] for /31, [RFC 6164] for /127). */
function reservedOf(subnet: Cidr, family: Family): Map<Ip, string> {
  const reserved = new Map<Ip, string>();
  if (bitsOf(family) - prefixOf(subnet) <= 1) return reserved;
  if (family === 6) return reserved.set(networkOf(subnet), "subnet-router anycast address [RFC 4291 2.6.1]");
  return reserved.set(networkOf(subnet), "network address").set(lastOf(subnet), "broadcast address");
}

function taken(hint: string): NetError {
  return new NetError("forbidden", "Address already in use", { hint });
}
