import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Kernel } from "../model/kernel.ts";
import type { NftBatch } from "../model/nft.ts";
import type { Firewall, Policy } from "../model/policy.ts";
import { dropRules, dropTable, resetTable } from "./base.ts";
import { type Ledger, ledger } from "./ledger.ts";
import { type Entry, entriesOf } from "./ruleset.ts";

/**
 * The table `inet netloom` of a host. A change is one batch with only the elements that change; calls are done one after the other,
 * because each is worked out from what the one before left.
 */
export function nftablesFirewall(kernel: Pick<Kernel, "nft" | "host">): Firewall {
  let current = ledger();
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(body: () => Promise<T>): Promise<T> => {
    const turn = last.then(body);
    last = turn.catch(() => undefined); // Whoever called has the error; the next one starts from what the ledger says.
    return turn;
  };
  const send = (batch: NftBatch) => kernel.nft(kernel.host, batch);
  /** Makes the kernel's table say what `next` says. */
  const replace = async (next: Ledger) => {
    await send([...resetTable(), ...next.all()]);
    current = next;
  };

  return {
    name: "nftables",
    set: (policies) =>
      inTurn(async () => {
        const next = ledger();
        next.plan(new Map(policies.map((policy) => [policy.id, entriesOf(policy)]))).commit();
        await replace(next);
      }),
    change: (put, drop) =>
      inTurn(async () => {
        const { batch, commit } = current.plan(wantedOf(put, drop));
        try {
          if (batch.length > 0) await send(batch);
          commit();
        } catch (error) {
          if (!isStale(error)) throw error;
          // Somebody flushed or changed our table: the change is part of making all of it again.
          await send([...resetTable(), ...current.all(), ...batch]);
          commit();
        }
      }),
    clear: () =>
      inTurn(async () => {
        await send(dropRules());
        current = ledger();
        try {
          await send(dropTable());
        } catch (error) {
          // A person's own rules are in it, and they are not ours to remove.
          if (!(error instanceof NetError && error.code === "conflict")) throw error;
        }
      }),
  };
}

function wantedOf(put: readonly Policy[], drop: readonly Id[]): Map<Id, Entry[]> {
  const wanted = new Map<Id, Entry[]>(drop.map((id) => [id, []]));
  for (const policy of put) wanted.set(policy.id, entriesOf(policy));
  return wanted;
}

/** Does the table differ from what we believe to be in it? */
function isStale(error: unknown): boolean {
  return error instanceof NetError && (error.code === "notFound" || error.code === "conflict");
}
