import type { Ip } from "../model/address.ts";
import type { Id } from "../model/id.ts";
import type { NameRecord, ResolverView } from "../model/name.ts";
import { type NameKey, nameKey } from "./text.ts";
import type { Zone } from "./zone.ts";

/** What decides a sandbox's local answers. Sandboxes with equal ones get equal answers. */
export interface Sight {
  /** In gateway order. */
  networks: readonly { id: Id; name: string; key: NameKey }[];
  links: ReadonlyMap<NameKey, NameKey>;
  ndotsSet: boolean;
}

export function sightOf(view: ResolverView): Sight {
  return {
    networks: view.networks.map(({ id, name }) => ({ id, name, key: nameKey(name) })),
    links: new Map(Object.entries(view.links).map(([alias, target]) => [nameKey(alias), nameKey(target)])),
    ndotsSet: view.ndotsSet,
  };
}

/** Equal for equal sights. */
export function signatureOf(sight: Sight): string {
  return JSON.stringify([sight.networks.map(({ id, name }) => [id, name]), [...sight.links], sight.ndotsSet]);
}

/**
 * Who a name means: `a.b.c` is first the name `a.b.c` on any network, then `a.b` on network `c`, then `a` on network `b.c`. At each step links go
 * before names, and the first network that knows the name answers alone. The order is Docker's.
 * @returns undefined when no network of the sandbox knows it.
 */
export function findName(zone: Zone, sight: Sight, key: NameKey): readonly NameRecord[] | undefined {
  const found = findOn(zone, sight, sight.networks, key);
  if (found) return found;
  for (let dot = key.lastIndexOf("."); dot > 0; dot = key.lastIndexOf(".", dot - 1)) {
    const tail = key.slice(dot + 1);
    const networks = sight.networks.filter((network) => network.key === tail);
    const records = networks.length > 0 && findOn(zone, sight, networks, key.slice(0, dot) as NameKey);
    if (records) return records;
  }
  return undefined;
}

function findOn(zone: Zone, sight: Sight, networks: Sight["networks"], key: NameKey): readonly NameRecord[] | undefined {
  const target = sight.links.get(key);
  for (const wanted of target === undefined ? [key] : [target, key]) {
    for (const { id } of networks) {
      const records = zone.named(id, wanted);
      if (records) return records;
    }
  }
  return undefined;
}

/** `<first name>.<network>` of whoever has this address on one of the sandbox's networks. */
export function findAddress(zone: Zone, sight: Sight, ip: Ip): string | undefined {
  for (const network of sight.networks) {
    const first = zone.at(network.id, ip)?.names[0];
    if (first !== undefined) return `${first}.${network.name}`;
  }
  return undefined;
}
