import type { Family } from "../../model/address.ts";
import { messageOf } from "../../model/errors.ts";
import type { Log } from "../../model/log.ts";
import type { Fact } from "../facts.ts";
import { BASE } from "./base.ts";
import { type Chains, changeChains, NO_CHAINS } from "./chains.ts";
import { placesOf } from "./place.ts";
import { parseSaved } from "./saved.ts";
import { changeScript, clearScript, wholeScript } from "./script.ts";
import { hasCode, type Tool } from "./tool.ts";

/** The rules of one family, as they are believed to be. */
export interface FamilyRules {
  /** Makes them exactly these, whatever is there. */
  replace(facts: readonly Fact[]): Promise<void>;
  /** Makes the difference. @throws conflict when the rules are not what they were believed to be */
  change(removed: readonly Fact[], added: readonly Fact[]): Promise<void>;
  /** Takes all of ours away. */
  clear(): Promise<void>;
}

/** How often a script is made again because somebody else changed the rules between our reading and our writing. */
const ATTEMPTS = 3;

export function familyRules(family: Family, tool: Tool, log: Log): FamilyRules {
  let current: Chains = NO_CHAINS;
  /** Only IPv6 can be: without IPv4 there is no backend. */
  let isAbsent = false;
  const placed = (facts: readonly Fact[]) => facts.flatMap((fact) => placesOf(fact, family));

  /** Reads what is there and changes it, again when it was no longer so. */
  const rewrite = async (scriptFor: (saved: ReturnType<typeof parseSaved>) => string) => {
    for (let attempt = 1; ; attempt++) {
      const script = scriptFor(parseSaved(await tool.save()));
      try {
        if (script !== "") await tool.restore(script);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || !hasCode(error, "conflict")) throw error;
      }
    }
  };

  return {
    async replace(facts) {
      try {
        const { chains } = changeChains(NO_CHAINS, [], [...BASE[family], ...placed(facts)]);
        await rewrite((saved) => wholeScript(family, chains, saved));
        current = chains;
        isAbsent = false;
      } catch (error) {
        if (family === 4 || !hasCode(error, "unsupported")) throw error;
        if (!isAbsent) log.warn("no firewall rules for IPv6: this host has no ip6tables", { cause: messageOf(error) });
        isAbsent = true;
      }
    },
    async change(removed, added) {
      if (isAbsent) return;
      const { chains, changes } = changeChains(current, placed(removed), placed(added));
      const script = changeScript(family, changes);
      if (script !== "") await tool.restore(script);
      current = chains;
    },
    async clear() {
      try {
        await rewrite((saved) => clearScript(family, saved));
      } catch (error) {
        if (!hasCode(error, "unsupported")) throw error;
      }
      current = NO_CHAINS;
    },
  };
}
