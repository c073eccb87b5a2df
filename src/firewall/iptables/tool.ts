import type { Family } from "../../model/address.ts";
import { type Code, messageOf, NetError } from "../../model/errors.ts";
import type { Ran, Run } from "./run.ts";

/** iptables there is twice: over nf_tables, and over the kernel's older tables of its own. Rules in one are not seen in the other. */
export type Flavour = "nft" | "legacy";

/** The two programs that read and write the rules of a family. */
export interface Tool {
  /** `iptables-save` @throws as restore */
  save(): Promise<string>;
  /**
   * `iptables-restore --noflush`, table by table a transaction.
   * @throws conflict when the rules are not as the script takes them to be, with the line; unsupported when there is no such program or
   *   kernel; unavailable when another program keeps the lock; forbidden
   */
  restore(script: string): Promise<void>;
}

/** How long to wait for another program that changes rules. The tables of nft need no lock and do not wait. */
const LOCK_WAIT_S = 10;

export function iptablesTool(run: Run, family: Family, flavour?: Flavour): Tool {
  const program = (verb: string) => [family === 4 ? "iptables" : "ip6tables", ...(flavour === undefined ? [] : [flavour]), verb].join("-");
  return {
    async save() {
      const argv = [program("save")];
      return (await must(run, argv, "")).stdout;
    },
    async restore(script) {
      await must(run, [program("restore"), "--noflush", "--wait", String(LOCK_WAIT_S)], script);
    },
  };
}

/** Of which kind the `iptables` of this host is; undefined when there is none. */
export async function flavourOf(run: Run): Promise<Flavour | undefined> {
  try {
    const { stdout } = await must(run, ["iptables-restore", "--version"], "");
    return stdout.includes("nf_tables") ? "nft" : "legacy";
  } catch (error) {
    if (hasCode(error, "unsupported")) return undefined;
    throw error;
  }
}

async function must(run: Run, argv: readonly string[], input: string): Promise<Ran> {
  const ran = await run(argv, input).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw new NetError("internal", `cannot run ${argv[0]}: ${messageOf(error)}`, { cause: error });
    throw new NetError("unsupported", `${argv[0]} is not installed`, {
      hint: "install iptables, or use the nftables firewall backend",
      cause: error,
    });
  });
  if (ran.status !== 0) throw refusal(argv.join(" "), input, ran);
  return ran;
}

/** What the programs say in words only, since their status is 1, 2 or 4 for most. */
const WORDS = [
  [/holding the xtables lock/, "unavailable", "see which program changes the rules of iptables all the time"],
  [/must be root|Permission denied|Operation not permitted/i, "forbidden", "the daemon needs CAP_NET_ADMIN"],
  [
    /unable to initialize table|can't initialize|Failed to initialize nft|not supported|Table does not exist/,
    "unsupported",
    "this kernel lacks a part of iptables (CONFIG_IP_NF_*, CONFIG_IP6_NF_*)",
  ],
] as const;

function refusal(what: string, input: string, { status, stderr }: Ran): NetError {
  const told = stderr.trim().replaceAll(/\s*\n\s*/g, "; ") || `exit status ${status}`;
  const [, code, hint] = WORDS.find(([words]) => words.test(stderr)) ?? [];
  const number = /line:? (\d+)/.exec(stderr)?.[1];
  const line = number === undefined ? "" : ` (${input.split("\n")[Number(number) - 1]})`;
  return new NetError(code ?? "conflict", `${what}: ${told}${line}`, hint === undefined ? {} : { hint });
}

export function hasCode(error: unknown, code: Code): boolean {
  return error instanceof NetError && error.code === code;
}
