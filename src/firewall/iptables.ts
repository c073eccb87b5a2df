import { messageOf } from "../model/errors.ts";
import type { Log } from "../model/log.ts";
import type { Firewall } from "../model/policy.ts";
import { inTurn } from "./in-turn.ts";
import { type FamilyRules, familyRules } from "./iptables/family.ts";
import type { Run } from "./iptables/run.ts";
import { type Flavour, hasCode, iptablesTool } from "./iptables/tool.ts";
import { newLedger } from "./ledger.ts";

export interface IptablesOptions {
  run: Run;
  log: Log;
  /** Which iptables; without it the one that is called so on this host. */
  flavour?: Flavour;
}

/**
 * The chains NETLOOM-* of a host, in iptables and ip6tables. A change is one iptables-restore for each family that changes, with only the
 * rules that change. A host without ip6tables has rules for IPv4 alone.
 */
export function iptablesFirewall({ run, log, flavour }: IptablesOptions): Firewall {
  const families = ([4, 6] as const).map((family) => familyRules(family, iptablesTool(run, family, flavour), log));
  const turn = inTurn();
  let current = newLedger();
  /** Nobody knows what is there before the first `set`, or when one family took a change and the other did not. */
  let isKnown = false;

  /** Both at once; the one that is done waits for the other. */
  const inBoth = async (deed: (rules: FamilyRules) => Promise<void>, known: boolean) => {
    isKnown = false;
    const results = await Promise.allSettled(families.map(deed));
    for (const result of results) if (result.status === "rejected") throw result.reason;
    isKnown = known;
  };

  return {
    name: "iptables",
    set: (policies) =>
      turn(async () => {
        const next = newLedger();
        const { added, commit } = next.plan(policies, []);
        await inBoth((rules) => rules.replace(added), true);
        commit();
        current = next;
      }),
    change: (put, drop) =>
      turn(async () => {
        const { removed, added, all, commit } = current.plan(put, drop);
        if (isKnown) {
          try {
            await inBoth((rules) => rules.change(removed, added), true);
          } catch (error) {
            if (!hasCode(error, "conflict")) throw error;
            log.warn("the firewall rules are not as they were made: all of them are made again", { cause: messageOf(error) });
          }
        }
        // What was flushed in one family may be flushed in the other, where this change has nothing to do.
        if (!isKnown) await inBoth((rules) => rules.replace(all()), true);
        commit();
      }),
    clear: () =>
      turn(async () => {
        await inBoth((rules) => rules.clear(), false);
        current = newLedger();
      }),
  };
}
