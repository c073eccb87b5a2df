import { runProgram } from "../../src/firewall/iptables/run.ts";
import type { Flavour } from "../../src/firewall/iptables/tool.ts";
import { iptablesFirewall } from "../../src/firewall/iptables.ts";
import { nftablesFirewall } from "../../src/firewall/nftables.ts";
import type { Log } from "../../src/model/log.ts";
import type { Firewall } from "../../src/model/policy.ts";
import type { Netns } from "./netns.ts";
import { nftKernel } from "./nft-kernel.ts";

/** A firewall backend, and how a person at the host's shell sees and disturbs its rules. */
export interface Backend {
  name: string;
  make(host: Netns): { firewall: Firewall; close(): void };
  /** All rules of the host that this backend could have made, without what changes by itself. */
  list(host: Netns): Promise<string>;
  /** Takes all rules of everybody away. */
  flush(host: Netns): Promise<void>;
  /** Puts a rule in front of all of ours, where a person may: drop what comes from this IPv4 address. */
  userDrop(host: Netns, source: string): Promise<void>;
  /** Takes it away again. */
  userForget(host: Netns): Promise<void>;
  /** How many IPv4 packets were dropped for saying 127.0.0.0/8 to or from network a, and for not being published there. */
  dropped(host: Netns): Promise<{ loopback: number; unpublished: number }>;
}

export const NFTABLES: Backend = {
  name: "nftables",
  make(host) {
    const kernel = nftKernel(host.path);
    return { firewall: nftablesFirewall(kernel), close: () => kernel[Symbol.dispose]() };
  },
  list: (host) => host.must(["nft", "--stateless", "list", "ruleset", "inet"]),
  flush: (host) => nothing(host.must(["nft", "flush", "ruleset"])),
  userDrop: (host, source) =>
    nothing(host.must(["nft", "add", "rule", "inet", "netloom", "user", "ip", "saddr", source, "counter", "drop"])),
  userForget: (host) => nothing(host.must(["nft", "flush", "chain", "inet", "netloom", "user"])),
  async dropped(host) {
    const chain = (name: string) => host.must(["nft", "list", "chain", "inet", "netloom", name]);
    return {
      loopback: packets(await chain("early"), /counter packets (\d+) .*drop/g),
      unpublished: packets(await chain("to_bridge"), /counter packets (\d+) .*"not published"/g),
    };
  },
};

export function iptablesBackend(flavour: Flavour): Backend {
  const programs = [`iptables-${flavour}`, `ip6tables-${flavour}`];
  return {
    name: `iptables-${flavour}`,
    make: (host) => ({ firewall: iptablesFirewall({ run: runIn(host), log: SILENT, flavour }), close: () => {} }),
    async list(host) {
      const saved = await Promise.all(programs.map(async (program) => [program, await host.must([`${program}-save`])] as const));
      return saved.flatMap(([program, text]) => linesOf(program, text)).join("\n");
    },
    async flush(host) {
      for (const program of programs) {
        for (const table of ["raw", "filter", "nat"]) await host.must([program, "-w", "-t", table, "-F"]);
      }
    },
    userDrop: (host, source) => nothing(host.must([`iptables-${flavour}`, "-w", "-A", "NETLOOM-USER", "-s", source, "-j", "DROP"])),
    userForget: (host) => nothing(host.must([`iptables-${flavour}`, "-w", "-F", "NETLOOM-USER"])),
    async dropped(host) {
      const saved = await host.must([`iptables-${flavour}-save`, "-c"]);
      return {
        loopback: packets(saved, /^\[(\d+):\d+\] -A NETLOOM-LOOPBACK -i br-a -j DROP$/gm),
        unpublished: packets(saved, /^\[(\d+):\d+\] -A NETLOOM-TO-br-a -j DROP$/gm),
      };
    },
  };
}

/** `iptables-nft filter -A FORWARD -j NETLOOM-USER`. A table in which there is nothing says nothing: whether it is there tells of no rule. */
function linesOf(program: string, saved: string): string[] {
  const tables = saved.split(/^\*/m).slice(1);
  return tables.toSorted().flatMap((part) => {
    const [table, ...lines] = part.replaceAll(/\[\d+:\d+\]/g, "").split("\n");
    return lines.filter((line) => /^(-A|:NETLOOM)/.test(line)).map((line) => `${program} ${table} ${line.trimEnd()}`);
  });
}

/** The sum of the numbers that the pattern finds. @throws when there is none */
function packets(text: string, pattern: RegExp): number {
  const counts = Array.from(text.matchAll(pattern), ([, count]) => Number(count));
  if (counts.length === 0) throw new Error(`no counter ${pattern} in\n${text}`);
  return counts.reduce((sum, count) => sum + count);
}

export const BACKENDS: readonly Backend[] = [NFTABLES, iptablesBackend("nft"), iptablesBackend("legacy")];

/** As the daemon runs programs, in another namespace. */
export function runIn(host: Netns): typeof runProgram {
  return (argv, input) => runProgram(host.argv(argv), input);
}

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function nothing(done: Promise<unknown>): Promise<void> {
  await done;
}
