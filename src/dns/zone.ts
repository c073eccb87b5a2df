import type { Ip } from "../model/address.ts";
import type { Id } from "../model/id.ts";
import type { NameRecord } from "../model/name.ts";
import { type NameKey, nameKey } from "./text.ts";

/** Who has which name on which network. */
export interface Zone {
  /** Grows with every change; what was prepared from an older one is stale. */
  readonly generation: number;
  set(records: readonly NameRecord[]): void;
  /** An endpoint's new record takes the place of its old one. Dropping what is not there is success. */
  change(put: readonly NameRecord[], drop: readonly Id[]): void;
  /** All endpoints with this name, in the order in which they came; undefined when nobody has it. */
  named(networkId: Id, key: NameKey): readonly NameRecord[] | undefined;
  /** Who has this address. */
  at(networkId: Id, ip: Ip): NameRecord | undefined;
}

interface Names {
  byName: Map<NameKey, NameRecord[]>;
  byIp: Map<Ip, NameRecord>;
}

export function createZone(): Zone {
  const records = new Map<Id, NameRecord>();
  const networks = new Map<Id, Names>();
  let generation = 0;

  return {
    get generation() {
      return generation;
    },
    set(all) {
      generation++;
      records.clear();
      networks.clear();
      for (const record of all) put(record);
    },
    change(puts, drops) {
      generation++;
      for (const id of drops) drop(id);
      for (const record of puts) put(record);
    },
    named: (networkId, key) => networks.get(networkId)?.byName.get(key),
    at: (networkId, ip) => networks.get(networkId)?.byIp.get(ip),
  };

  function put(record: NameRecord): void {
    drop(record.endpointId);
    records.set(record.endpointId, record);
    const names: Names = networks.get(record.networkId) ?? { byName: new Map(), byIp: new Map() };
    networks.set(record.networkId, names);
    for (const key of keysOf(record)) names.byName.set(key, [...(names.byName.get(key) ?? []), record]);
    for (const ip of addressesOf(record)) names.byIp.set(ip, record);
  }

  function drop(endpointId: Id): void {
    const record = records.get(endpointId);
    const names = record && networks.get(record.networkId);
    if (!record || !names) return;
    records.delete(endpointId);
    for (const key of keysOf(record)) {
      const left = (names.byName.get(key) ?? []).filter((other) => other !== record);
      if (left.length > 0) names.byName.set(key, left);
      else names.byName.delete(key);
    }
    // An address may have gone to another endpoint already.
    for (const ip of addressesOf(record)) if (names.byIp.get(ip) === record) names.byIp.delete(ip);
    if (names.byName.size === 0 && names.byIp.size === 0) networks.delete(record.networkId);
  }
}

function keysOf(record: NameRecord): Set<NameKey> {
  return new Set(record.names.map(nameKey));
}

function addressesOf(record: NameRecord): Ip[] {
  return [record.ipv4, record.ipv6].filter((ip) => ip !== undefined);
}
