import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Policy } from "../model/policy.ts";
import { type Fact, factsOf, keyOf } from "./facts.ts";

/** A fact with those who want it; it stays until the last of them goes. */
interface Held {
  fact: Fact;
  owners: ReadonlySet<Id>;
}

/** A change that was worked out and not yet done. Removals come first, so that a key may change hands. */
export interface Planned {
  removed: Fact[];
  added: Fact[];
  /** Everything that holds when it is done. */
  all(): Fact[];
  /** To be called when the kernel has taken it. */
  commit(): void;
}

/** Which facts the rules should bring about, and whose they are. */
export interface Ledger {
  /**
   * What must change so that these policies hold in place of what their ids had, and the dropped ids have nothing; the work is that of what
   * changes, whatever else is held.
   * @throws conflict when two ids contradict each other: a host port leads to one place.
   */
  plan(put: readonly Policy[], drop: readonly Id[]): Planned;
}

export function newLedger(): Ledger {
  const keysOf = new Map<Id, ReadonlySet<string>>();
  const held = new Map<string, Held>();

  const difference = (touched: ReadonlyMap<string, Held>) => {
    const removed: Fact[] = [];
    const added: Fact[] = [];
    for (const [key, after] of touched) {
      const before = held.get(key);
      const stays = after.owners.size > 0;
      if (before !== undefined && stays && isSame(before.fact, after.fact)) continue;
      if (before !== undefined) removed.push(before.fact);
      if (stays) added.push(after.fact);
    }
    return { removed, added };
  };

  return {
    plan(put, drop) {
      const wanted = new Map<Id, Fact[]>(drop.map((id) => [id, []]));
      for (const policy of put) wanted.set(policy.id, factsOf(policy));
      const touched = new Map<string, Held>();
      const nextKeys = new Map<Id, ReadonlySet<string>>();
      for (const id of wanted.keys()) {
        for (const key of keysOf.get(id) ?? []) {
          const now = touched.get(key) ?? held.get(key);
          if (now !== undefined) touched.set(key, { fact: now.fact, owners: without(now.owners, id) });
        }
      }
      for (const [id, facts] of wanted) {
        const keys = new Set<string>();
        for (const fact of facts) {
          const key = keyOf(fact);
          const now = touched.get(key) ?? held.get(key);
          const [owner] = now?.owners ?? [];
          if (now !== undefined && owner !== undefined && !isSame(now.fact, fact)) throw contradiction(fact, id, now.fact, owner);
          touched.set(key, { fact, owners: new Set([...(now?.owners ?? []), id]) });
          keys.add(key);
        }
        nextKeys.set(id, keys);
      }
      return {
        ...difference(touched),
        all: () => Array.from(new Map([...held, ...touched]).values()).flatMap(({ fact, owners }) => (owners.size > 0 ? [fact] : [])),
        commit() {
          for (const [id, keys] of nextKeys) keys.size > 0 ? keysOf.set(id, keys) : keysOf.delete(id);
          for (const [key, after] of touched) after.owners.size > 0 ? held.set(key, after) : held.delete(key);
        },
      };
    },
  };
}

function isSame(a: Fact, b: Fact): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function without(owners: ReadonlySet<Id>, id: Id): ReadonlySet<Id> {
  const rest = new Set(owners);
  rest.delete(id);
  return rest;
}

function contradiction(wanted: Fact, id: Id, have: Fact, owner: Id): NetError {
  if (wanted.fact === "translated" && have.fact === "translated") {
    const where = [...(wanted.hostIp === undefined ? [] : [wanted.hostIp]), wanted.protocol, wanted.hostPort].join(" ");
    return new NetError("conflict", `${where} cannot lead to ${toOf(wanted)} for ${id}: it leads to ${toOf(have)} for ${owner}`, {
      hint: "publish it on another port",
    });
  }
  return new NetError("conflict", `${keyOf(wanted)} cannot be as ${id} wants it: it is as ${owner} wants it`, {
    hint: "give each network a bridge of its own",
  });
}

function toOf({ ip, port }: { ip: string; port: number }): string {
  return `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
}
