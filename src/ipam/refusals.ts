import type { Cidr, Family } from "../model/address.ts";
import { NetError } from "../model/errors.ts";
import { type Id, shortId } from "../model/id.ts";

/** What a message says of a pool. */
interface NamedPool {
  subnet: Cidr;
  range?: Cidr;
  owner?: string;
}

/** More would not be read. */
const SHOWN = 8;

export function overlapping(subnet: Cidr, other: NamedPool): NetError {
  return new NetError("forbidden", "invalid pool request: Pool overlaps with other one on this address space", {
    hint: `${subnet} overlaps with ${labelled(other)}`,
  });
}

/** The hint says who has the subnets, and which of the host's own blocks stood in the way. */
export function poolsExhausted(
  family: Family,
  bases: readonly { base: Cidr }[],
  given: readonly NamedPool[],
  avoid: readonly Cidr[],
  size: number | undefined,
): NetError {
  const sentences = [
    bases.length === 0 ? `no default IPv${family} address pool holds a ${size === undefined ? "subnet" : `/${size}`}` : undefined,
    given.length > 0 ? `given out: ${listed(given.map(labelled))}` : undefined,
    avoid.length > 0 ? `used by the host: ${listed(avoid)}` : undefined,
    "remove networks that are not needed, name a subnet, or add to default-address-pools",
  ];
  return new NetError("invalid", "all predefined address pools have been fully subnetted", {
    hint: sentences.filter((sentence) => sentence !== undefined).join("; "),
  });
}

/** `holders`: how many addresses each owner has. */
export function addressesExhausted(pool: NamedPool, holders: ReadonlyMap<Id, number>): NetError {
  const leases = [...holders.values()].reduce((sum, count) => sum + count, 0);
  const where = pool.range === undefined ? labelled(pool) : `range ${pool.range} of ${labelled(pool)}`;
  const most = [...holders].sort(([, a], [, b]) => b - a).map(([owner, count]) => `${shortId(owner)} ${count}`);
  return new NetError(
    "unavailable",
    `no available addresses on this pool: ${where} is used up, ${leases} are leased by ${holders.size} owners`,
    {
      hint: `${most.length > 0 ? `leased by: ${listed(most)}; ` : ""}disconnect containers that are not needed, or make a network with a larger subnet`,
    },
  );
}

function labelled(pool: NamedPool): string {
  return pool.owner === undefined ? pool.subnet : `${pool.subnet} of network ${pool.owner}`;
}

function listed(items: readonly string[]): string {
  const more = items.length - SHOWN;
  return more > 0 ? `${items.slice(0, SHOWN).join(", ")} and ${more} more` : items.join(", ");
}
