import { NetError } from "../model/errors.ts";
import type { Kernel } from "../model/kernel.ts";
import type { NftBatch } from "../model/nft.ts";
import type { Firewall } from "../model/policy.ts";
import { inTurn } from "./in-turn.ts";
import { newLedger } from "./ledger.ts";
import { changeElements } from "./nftables/elements.ts";
import { dropRules, dropTable, resetTable } from "./nftables/table.ts";

/** The table `inet netloom` of a host. A change is one batch with only the elements that change. */
export function nftablesFirewall(kernel: Pick<Kernel, "nft" | "host">): Firewall {
  let current = newLedger();
  const turn = inTurn();
  const send = (batch: NftBatch) => kernel.nft(kernel.host, batch);

  return {
    name: "nftables",
    set: (policies) =>
      turn(async () => {
        const next = newLedger();
        const { added, commit } = next.plan(policies, []);
        await send([...resetTable(), ...changeElements([], added)]);
        commit();
        current = next;
      }),
    change: (put, drop) =>
      turn(async () => {
        const { removed, added, all, commit } = current.plan(put, drop);
        const batch = changeElements(removed, added);
        try {
          if (batch.length > 0) await send(batch);
        } catch (error) {
          if (!isStale(error)) throw error;
          // Somebody flushed or changed our table: the change is part of making all of it again.
          await send([...resetTable(), ...changeElements([], all())]);
        }
        commit();
      }),
    clear: () =>
      turn(async () => {
        await send(dropRules());
        current = newLedger();
        try {
          await send(dropTable());
        } catch (error) {
          // A person's own rules are in it, and they are not ours to remove.
          if (!(error instanceof NetError && error.code === "conflict")) throw error;
        }
      }),
  };
}

/** Does the table differ from what we believe to be in it? */
function isStale(error: unknown): boolean {
  return error instanceof NetError && (error.code === "notFound" || error.code === "conflict");
}
