import { HOOKS, PREFIX, USER } from "./base.ts";
import type { Table } from "./rule.ts";

/** What there is of ours in a table, whoever put it there. */
export interface SavedTable {
  /** Our chains. */
  chains: ReadonlySet<string>;
  /** Every rule that leads from a hook to its chain of ours, as often as it is there: `FORWARD -j NETLOOM-FORWARD`. */
  hooked: readonly string[];
  /** Has a person put rules into the chain that is theirs? */
  userRules: boolean;
  /** Chains of ours that a person's rules lead to: they cannot be deleted. */
  held: ReadonlySet<string>;
}

const NOTHING: SavedTable = { chains: new Set(), hooked: [], userRules: false, held: new Set() };

/** Reads what iptables-save(8) prints; a table that it does not print has nothing of ours. */
export function parseSaved(text: string): (table: Table) => SavedTable {
  const tables = new Map<string, SavedTable>();
  for (const part of text.split(/^\*/m).slice(1)) {
    const [name = "", ...lines] = part.split("\n");
    tables.set(name, parseTable(name, lines));
  }
  return (table) => tables.get(table) ?? NOTHING;
}

/** `FORWARD -j NETLOOM-FORWARD`, exactly: one with a condition is a person's. */
function parseTable(table: string, lines: readonly string[]): SavedTable {
  const hooks = new Set(HOOKS[4].filter((hook) => hook.table === table).map(({ chain, to }) => `${chain} -j ${to}`));
  const rules = lines.filter((line) => line.startsWith("-A ")).map((line) => line.slice("-A ".length));
  const foreign = rules.filter((rule) => isForeign(rule) && !hooks.has(rule));
  return {
    chains: new Set(lines.map((line) => line.match(/^:(\S+)/)?.[1] ?? "").filter((chain) => chain.startsWith(PREFIX))),
    hooked: rules.filter((rule) => hooks.has(rule)),
    userRules: rules.some((rule) => rule.startsWith(`${USER} `)),
    held: new Set(foreign.map((rule) => rule.match(/.* -[jg] (\S+)/)?.[1] ?? "").filter((chain) => chain.startsWith(PREFIX))),
  };
}

/** Is it not in a chain that we fill? */
function isForeign(rule: string): boolean {
  return !rule.startsWith(PREFIX) || rule.startsWith(`${USER} `);
}
