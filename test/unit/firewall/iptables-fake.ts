import type { Ran, Run } from "../../../src/firewall/iptables/run.ts";
import { iptablesFirewall } from "../../../src/firewall/iptables.ts";
import type { Log } from "../../../src/model/log.ts";

type Chains = Map<string, string[]>;

const BUILTIN = {
  raw: ["PREROUTING", "OUTPUT"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
};

/** As much of iptables-restore --noflush and iptables-save as our scripts use, as strict as the real ones: a table is taken whole or not at all. */
export function fakeTables() {
  const tables = new Map<string, Chains>(
    Object.entries(BUILTIN).map(([table, chains]) => [table, new Map(chains.map((chain) => [chain, []]))]),
  );

  const restore = (script: string): string | undefined => {
    let name = "";
    let draft: Chains = new Map();
    for (const [i, line] of script.split("\n").entries()) {
      if (line === "") continue;
      if (line.startsWith("*")) {
        name = line.slice(1);
        draft = new Map(Array.from(tables.get(name) ?? [], ([chain, rules]) => [chain, [...rules]]));
      } else if (line === "COMMIT") tables.set(name, draft);
      else if (!perform(draft, line)) return `iptables-restore: line ${i + 1} failed`;
    }
    return undefined;
  };

  const save = () =>
    Array.from(tables, ([name, chains]) => {
      const declared = Array.from(chains.keys(), (chain) => `:${chain} ${/^[A-Z]+$/.test(chain) ? "ACCEPT" : "-"} [0:0]`);
      const rules = [...chains].flatMap(([chain, all]) => all.map((rule) => `-A ${chain} ${rule}`));
      return [`*${name}`, ...declared, ...rules, "COMMIT", ""].join("\n");
    }).join("");

  return {
    restore,
    save,
    /** `iptables -t TABLE -F` */
    flush(table: string) {
      for (const chain of tables.get(table)?.keys() ?? []) tables.get(table)?.set(chain, []);
    },
  };
}

/** @returns whether the line can be done */
function perform(chains: Chains, line: string): boolean {
  const [, made] = /^:(\S+) - \[0:0\]$/.exec(line) ?? [];
  if (made !== undefined) return made.length <= 28 && chains.set(made, []) !== undefined;
  const [, verb = "", chain = "", place, rule = ""] = /^-([A-Z]) (\S+)(?: (\d+))? ?(.*)$/.exec(line) ?? [];
  const rules = chains.get(chain);
  if (verb === "N") return rules === undefined && chain.length <= 28 && chains.set(chain, []) !== undefined;
  if (rules === undefined) return false;
  const to = / -j (NETLOOM-\S+)/.exec(` ${rule}`)?.[1];
  if (to !== undefined && !chains.has(to)) return false;
  const found = rules.indexOf(rule);
  switch (verb) {
    case "A":
      return rules.push(rule) > 0;
    case "I":
      return Number(place) <= rules.length + 1 && rules.splice(Number(place) - 1, 0, rule).length === 0;
    case "C":
      return found >= 0;
    case "D":
      return found >= 0 && rules.splice(found, 1).length === 1;
    case "X":
      return rules.length === 0 && ![...chains.values()].flat().some((one) => one.endsWith(`-j ${chain}`)) && chains.delete(chain);
    default:
      return false;
  }
}

/** The backend over two fakes, one a family; `taken` is every script since it was last asked, under the command that read it. */
export function recordedIptables() {
  const fakes = { iptables: fakeTables(), ip6tables: fakeTables() };
  const scripts: string[] = [];
  const logged: string[] = [];
  /** What the next programs whose name begins so say instead of doing it. */
  const refusals: { program: string; answer: Partial<Ran> | Error }[] = [];
  const run: Run = async ([program = "", ...args], input) => {
    if (program.endsWith("-restore")) scripts.push(`# ${[program, ...args].join(" ")}\n${input}`);
    const refusal = refusals.findIndex((one) => program.startsWith(one.program));
    const answer = refusal < 0 ? undefined : refusals.splice(refusal, 1)[0]?.answer;
    if (answer instanceof Error) throw answer;
    if (answer !== undefined) return { status: 1, stdout: "", stderr: "", ...answer };
    const fake = program.startsWith("ip6") ? fakes.ip6tables : fakes.iptables;
    if (program.endsWith("-save")) return { status: 0, stdout: fake.save(), stderr: "" };
    const failure = fake.restore(input);
    return { status: failure === undefined ? 0 : 1, stdout: "", stderr: failure ?? "" };
  };
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: (message) => void logged.push(message),
    error: (message) => void logged.push(message),
  };
  const inOrder = () => scripts.splice(0).toSorted((a, b) => Number(a.startsWith("# ip6")) - Number(b.startsWith("# ip6")));
  return { firewall: iptablesFirewall({ run, log }), fakes, refusals, logged, taken: inOrder };
}
