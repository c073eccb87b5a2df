import { printRule, type Rule, type Table } from "./rule.ts";

/** A rule in its chain; without a rule, the chain itself, which is there even when nothing is in it. */
export interface Placed {
  table: Table;
  chain: string;
  /** Rules of one chain stand in the order of their ranks; those of one rank in any. Default 0. */
  rank?: number;
  rule?: Rule;
}

/** A chain as it should be. It is there as long as somebody wants it or a rule in it. */
export interface Chain {
  table: Table;
  name: string;
  /** How many want it empty or not. */
  wanted: number;
  /** By its text: a rule that is wanted twice (the way to a chain) is there once. */
  rules: ReadonlyMap<string, { rank: number; wanted: number }>;
}

export type Chains = ReadonlyMap<string, Chain>;

/** A chain that changes: `before` is absent when it is new, `after` when it goes. */
export interface ChainChange {
  table: Table;
  name: string;
  before?: Chain;
  after?: Chain;
}

export interface ChangedChains {
  chains: Chains;
  changes: ChainChange[];
}

export const NO_CHAINS: Chains = new Map();

/** Takes the ones out of the chains and puts the others in; a pure function, whose work is that of the chains that change. */
export function changeChains(chains: Chains, removed: readonly Placed[], added: readonly Placed[]): ChangedChains {
  const touched = new Map<string, Draft>();
  const draft = ({ table, chain: name }: Placed): Draft => {
    const key = `${table} ${name}`;
    const begun = touched.get(key);
    if (begun !== undefined) return begun;
    const before = chains.get(key);
    const made = { table, name, wanted: before?.wanted ?? 0, rules: new Map(before?.rules) };
    touched.set(key, made);
    return made;
  };
  for (const placed of removed) count(draft(placed), placed, -1);
  for (const placed of added) count(draft(placed), placed, 1);

  const next = new Map(chains);
  const changes: ChainChange[] = [];
  for (const [key, after] of touched) {
    const before = chains.get(key);
    const stays = after.wanted > 0 || after.rules.size > 0;
    stays ? next.set(key, after) : next.delete(key);
    const { table, name } = after;
    if (before !== undefined || stays) changes.push({ table, name, ...(before && { before }), ...(stays && { after }) });
  }
  return { chains: next, changes };
}

type Draft = Chain & { rules: Map<string, { rank: number; wanted: number }> };

function count(chain: Draft, { rank = 0, rule }: Placed, by: 1 | -1): void {
  if (rule === undefined) {
    chain.wanted += by;
    return;
  }
  const text = printRule(rule);
  const wanted = (chain.rules.get(text)?.wanted ?? 0) + by;
  wanted > 0 ? chain.rules.set(text, { rank, wanted }) : chain.rules.delete(text);
}

/** The texts of its rules as they stand in it. */
export function rulesOf({ rules }: Chain): string[] {
  return [...rules].toSorted(([, a], [, b]) => a.rank - b.rank).map(([text]) => text);
}

/** Is it to its rules all the same where in it they stand? */
export function isUnordered({ rules }: Chain): boolean {
  return new Set(Array.from(rules.values(), ({ rank }) => rank)).size <= 1;
}
