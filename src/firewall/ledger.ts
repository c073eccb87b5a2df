import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { NftBatch, NftCommand, NftElement, NftSet } from "../model/nft.ts";
import type { Entry } from "./ruleset.ts";

/** An element with those who want it; it stays until the last of them goes. */
interface Held {
  entry: Entry;
  owners: ReadonlySet<Id>;
}

/** A change that was worked out and not yet done. */
export interface Planned {
  batch: NftBatch;
  /** To be called when the kernel has taken the batch. */
  commit(): void;
}

/** Which elements the table should have, and whose they are. */
export interface Ledger {
  /**
   * What must be sent so that each of these ids has exactly these elements; the work is that of what changes, whatever else is held.
   * @throws conflict when two ids want the same key with different data: a host port leads to one place.
   */
  plan(wanted: ReadonlyMap<Id, Entry[]>): Planned;
  /** Adds everything that is held. */
  all(): NftBatch;
}

export function ledger(): Ledger {
  const keysOf = new Map<Id, ReadonlySet<string>>();
  const held = new Map<string, Held>();

  /** Deletions come before additions, so that a key may change hands in one batch. */
  const difference = (touched: ReadonlyMap<string, Held>): NftBatch => {
    const deleted: Entry[] = [];
    const added: Entry[] = [];
    for (const [key, after] of touched) {
      const before = held.get(key);
      const stays = after.owners.size > 0;
      if (before !== undefined && stays && sameData(before.entry, after.entry)) continue;
      if (before !== undefined) deleted.push({ set: before.entry.set, element: { key: before.entry.element.key } });
      if (stays) added.push(after.entry);
    }
    return [...commands("element delete", deleted), ...commands("element add", added)];
  };

  return {
    plan(wanted) {
      const touched = new Map<string, Held>();
      const nextKeys = new Map<Id, ReadonlySet<string>>();
      for (const id of wanted.keys()) {
        for (const key of keysOf.get(id) ?? []) {
          const now = touched.get(key) ?? held.get(key);
          if (now !== undefined) touched.set(key, { entry: now.entry, owners: without(now.owners, id) });
        }
      }
      for (const [id, entries] of wanted) {
        const keys = new Set<string>();
        for (const entry of entries) {
          const key = keyOf(entry);
          const now = touched.get(key) ?? held.get(key);
          const [owner] = now?.owners ?? [];
          if (now !== undefined && owner !== undefined && !sameData(now.entry, entry)) throw clash(entry, now.entry, owner, id);
          touched.set(key, { entry, owners: new Set([...(now?.owners ?? []), id]) });
          keys.add(key);
        }
        nextKeys.set(id, keys);
      }
      return {
        batch: difference(touched),
        commit() {
          for (const [id, keys] of nextKeys) keys.size > 0 ? keysOf.set(id, keys) : keysOf.delete(id);
          for (const [key, after] of touched) after.owners.size > 0 ? held.set(key, after) : held.delete(key);
        },
      };
    },
    all() {
      return commands(
        "element add",
        Array.from(held.values(), ({ entry }) => entry),
      );
    },
  };
}

/** One command a set. */
function commands(verb: "element add" | "element delete", entries: readonly Entry[]): NftCommand[] {
  const bySet = new Map<NftSet, NftElement[]>();
  for (const { set, element } of entries) {
    const elements = bySet.get(set);
    if (elements === undefined) bySet.set(set, [element]);
    else elements.push(element);
  }
  return Array.from(bySet, ([set, elements]) => ({ verb, set, elements }));
}

function keyOf({ set, element }: Entry): string {
  return `${set.name} ${element.key.join(" ")}`;
}

function sameData(a: Entry, b: Entry): boolean {
  return String(a.element.data) === String(b.element.data);
}

function without(owners: ReadonlySet<Id>, id: Id): ReadonlySet<Id> {
  const rest = new Set(owners);
  rest.delete(id);
  return rest;
}

function clash(wanted: Entry, have: Entry, owner: Id, id: Id): NetError {
  const to = (entry: Entry) => (Array.isArray(entry.element.data) ? entry.element.data.join(":") : String(entry.element.data));
  return new NetError(
    "conflict",
    `${wanted.element.key.join(" ")} cannot lead to ${to(wanted)} for ${id}: it leads to ${to(have)} for ${owner}`,
    { hint: "publish it on another port" },
  );
}
