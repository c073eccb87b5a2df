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
  /** All rules of the host, without counters and dates. */
  list(host: Netns): Promise<string>;
  /** Takes all rules of everybody away. */
  flush(host: Netns): Promise<void>;
  /** Puts a rule in front of all of ours, where a person may: drop what comes from this IPv4 address. */
  userDrop(host: Netns, source: string): Promise<void>;
  /** Takes it away again. */
  userForget(host: Netns): Promise<void>;
}

export const NFTABLES: Backend = {
  name: "nftables",
  make(host) {
    const kernel = nftKernel(host.path);
    return { firewall: nftablesFirewall(kernel), close: () => kernel[Symbol.dispose]() };
  },
  list: (host) => host.must(["nft", "--stateless", "list", "ruleset"]),
  flush: (host) => nothing(host.must(["nft", "flush", "ruleset"])),
  userDrop: (host, source) =>
    nothing(host.must(["nft", "add", "rule", "inet", "netloom", "user", "ip", "saddr", source, "counter", "drop"])),
  userForget: (host) => nothing(host.must(["nft", "flush", "chain", "inet", "netloom", "user"])),
};

function iptables(flavour: Flavour): Backend {
  const programs = [`iptables-${flavour}`, `ip6tables-${flavour}`];
  return {
    name: `iptables-${flavour}`,
    make: (host) => ({ firewall: iptablesFirewall({ run: runIn(host), log: SILENT, flavour }), close: () => {} }),
    async list(host) {
      const saved = await Promise.all(programs.map((program) => host.must([`${program}-save`])));
      return saved
        .join("")
        .replaceAll(/^#.*\n/gm, "")
        .replaceAll(/\[\d+:\d+\]/g, "[0:0]");
    },
    async flush(host) {
      for (const program of programs) {
        for (const table of ["raw", "filter", "nat"]) await host.must([program, "-w", "-t", table, "-F"]);
      }
    },
    userDrop: (host, source) => nothing(host.must([`iptables-${flavour}`, "-w", "-A", "NETLOOM-USER", "-s", source, "-j", "DROP"])),
    userForget: (host) => nothing(host.must([`iptables-${flavour}`, "-w", "-F", "NETLOOM-USER"])),
  };
}

export const BACKENDS: readonly Backend[] = [NFTABLES, iptables("nft"), iptables("legacy")];

/** As the daemon runs programs, in another namespace. */
export function runIn(host: Netns): typeof runProgram {
  return (argv, input) => runProgram(host.argv(argv), input);
}

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function nothing(done: Promise<unknown>): Promise<void> {
  await done;
}
