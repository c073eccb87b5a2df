import { messageOf, NetError } from "../model/errors.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Log } from "../model/log.ts";
import type { Firewall } from "../model/policy.ts";
import type { Run } from "./iptables/run.ts";
import { flavourOf } from "./iptables/tool.ts";
import { iptablesFirewall } from "./iptables.ts";
import { nftablesFirewall } from "./nftables.ts";
import { noFirewall } from "./none.ts";

/** What the backends work with. */
export interface Machine {
  kernel: Pick<Kernel, "nft" | "host" | "features">;
  run: Run;
  log: Log;
}

/**
 * The backend that was asked for. `auto` is nftables, whose cost does not grow with what is there, and iptables for a kernel without it.
 * @throws unsupported when this host has not what it takes
 */
export async function chooseFirewall(wanted: Firewall["name"] | "auto", { kernel, run, log }: Machine): Promise<Firewall> {
  if (wanted === "none") return noFirewall();
  const hasNftables = wanted !== "iptables" && (await kernel.features()).nftables;
  if (hasNftables) return nftablesFirewall(kernel);
  const hasIptables = wanted !== "nftables" && (await flavourOf(run)) !== undefined;
  if (hasIptables) return iptablesFirewall({ run, log });
  const lack = { nftables: "this kernel has no nftables (CONFIG_NF_TABLES_INET)", iptables: "iptables-restore is not installed" };
  throw new NetError("unsupported", wanted === "auto" ? `${lack.nftables}, and ${lack.iptables}` : lack[wanted], {
    hint: "load the module nf_tables, install iptables, or run without isolation and published ports: --firewall-backend none",
  });
}

/**
 * Takes away what another backend, or the other iptables, made on this host before `chosen` was: two sets of rules are met by every packet,
 * and those that nobody changes any more would drop it. To be called when the rules of `chosen` are set, so that no packet meets none.
 * What cannot be taken away is told to the log: the host is as usable as it was.
 */
export async function clearLeftovers(chosen: Firewall["name"], { kernel, run, log }: Machine): Promise<void> {
  const used = chosen === "iptables" ? await flavourOf(run) : undefined;
  const flavours = (["nft", "legacy"] as const).filter((flavour) => flavour !== used);
  const others: Firewall[] = flavours.map((flavour) => iptablesFirewall({ run, log, flavour }));
  if (chosen !== "nftables" && (await kernel.features()).nftables) others.push(nftablesFirewall(kernel));
  const results = await Promise.allSettled(others.map((other) => other.clear()));
  for (const [i, result] of results.entries()) {
    if (result.status === "fulfilled") continue;
    log.warn(`old firewall rules may be left in ${others[i]?.name}`, { cause: messageOf(result.reason) });
  }
}
