import type { Family } from "../../model/address.ts";
import { HOOKS, type Hook, TABLES, USER } from "./base.ts";
import { type ChainChange, type Chains, isUnordered, rulesOf } from "./chains.ts";
import type { Table } from "./rule.ts";
import type { SavedTable } from "./saved.ts";

// Texts for iptables-restore(8) --noflush. Each table is one transaction. A line `:CHAIN` makes a chain, or empties the one that is there.

/** What of our chains differs, and nothing else. It fails when what leads to them is gone, or a chain or a rule that it counts on. */
export function changeScript(family: Family, changes: readonly ChainChange[]): string {
  return tables(family, (table) => {
    const steps = changes.filter((change) => change.table === table).map(stepsOf);
    const changed = (["declare", "remove", "add", "drop"] as const).flatMap((kind) => steps.flatMap((step) => step[kind] ?? []));
    return changed.length === 0 ? [] : [...hooksOf(family, table).map((hook) => `-C ${wayOf(hook)}`), ...changed];
  });
}

/** All of ours exactly as it should be, whatever is there; the user's chain keeps what it has. */
export function wholeScript(family: Family, chains: Chains, saved: (table: Table) => SavedTable): string {
  return tables(family, (table) => {
    const there = saved(table);
    const own = [...chains.values()].filter((chain) => chain.table === table);
    const names = new Set(own.map(({ name }) => name));
    const stale = [...there.chains].filter((name) => name !== USER && !names.has(name));
    return [
      ...[...names, ...stale].map(declared),
      ...(table === "filter" && !there.chains.has(USER) ? [`-N ${USER}`] : []),
      ...there.hooked.map((rule) => `-D ${rule}`),
      ...hooksOf(family, table).map((hook) => (hook.place === undefined ? `-A ${wayOf(hook)}` : insertion(hook, hook.place))),
      ...own.flatMap((chain) => rulesOf(chain).map((rule) => `-A ${chain.name} ${rule}`)),
      ...stale.filter((name) => !there.held.has(name)).map((name) => `-X ${name}`),
    ];
  });
}

/** Nothing of ours, except for what a person put into the user's chain or leads to a chain of ours; empty where there is nothing to do. */
export function clearScript(family: Family, saved: (table: Table) => SavedTable): string {
  return tables(family, (table) => {
    const { chains, hooked, userRules, held } = saved(table);
    const own = [...chains].filter((name) => name !== USER);
    const gone = [...own, ...(chains.has(USER) && !userRules ? [USER] : [])];
    return [
      ...own.map(declared),
      ...hooked.map((rule) => `-D ${rule}`),
      ...gone.filter((name) => !held.has(name)).map((name) => `-X ${name}`),
    ];
  });
}

/** To take out one rule iptables looks through its whole chain: so much work, measured, as to say some thirty of the rules that stay. */
const MANY = 32;

/** In this order: chains are made before rules lead to them, and dropped when none does any more. */
interface Steps {
  declare?: string[];
  remove?: string[];
  add?: string[];
  drop?: string[];
}

function stepsOf({ name, before, after }: ChainChange): Steps {
  if (after === undefined) return { declare: [declared(name)], drop: [`-X ${name}`] };
  const [had, has] = [before === undefined ? [] : rulesOf(before), rulesOf(after)];
  const [kept, keep] = [new Set(had), new Set(has)];
  const removed = had.filter((rule) => !keep.has(rule));
  const added = has.filter((rule) => !kept.has(rule));
  if (before !== undefined && removed.length === 0 && added.length === 0) return {};
  const lines = (verb: "-A" | "-D", rules: readonly string[]) => rules.map((rule) => `${verb} ${name} ${rule}`);
  const whole = before === undefined || !isUnordered(before) || !isUnordered(after) || removed.length > MANY;
  if (whole) return { declare: [declared(name)], add: lines("-A", has) };
  return { remove: lines("-D", removed), add: lines("-A", added) };
}

function tables(family: Family, linesOf: (table: Table) => string[]): string {
  return TABLES[family]
    .map((table) => [table, linesOf(table)] as const)
    .map(([table, lines]) => (lines.length === 0 ? "" : [`*${table}`, ...lines, "COMMIT", ""].join("\n")))
    .join("");
}

function hooksOf(family: Family, table: Table): readonly Hook[] {
  return HOOKS[family].filter((hook) => hook.table === table);
}

function wayOf({ chain, to }: Hook): string {
  return `${chain} -j ${to}`;
}

function insertion({ chain, to }: Hook, place: number): string {
  return `-I ${chain} ${place} -j ${to}`;
}

function declared(name: string): string {
  return `:${name} - [0:0]`;
}
