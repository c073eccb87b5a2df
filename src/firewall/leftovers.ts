import { messageOf } from "../model/errors.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Log } from "../model/log.ts";
import type { Firewall } from "../model/policy.ts";
import type { Run } from "./iptables/run.ts";
import { flavourOf } from "./iptables/tool.ts";
import { iptablesFirewall } from "./iptables.ts";
import { nftablesFirewall } from "./nftables.ts";

/**
 * Takes away what another backend, or the other iptables, made on this host before `chosen` was: two sets of rules are met by every packet,
 * and those that nobody changes any more would drop it. To be called when the rules of `chosen` are set, so that no packet meets none.
 * What cannot be taken away is told to the log: the host is as usable as it was.
 */
export async function clearLeftovers(
  chosen: Firewall["name"],
  { kernel, run, log }: { kernel: Pick<Kernel, "nft" | "host" | "features">; run: Run; log: Log },
): Promise<void> {
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
