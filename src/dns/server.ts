import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { NameRecord, ResolverView } from "../model/name.ts";
import { createAnswerer } from "./answer.ts";
import type { Fds } from "./messages.ts";
import { createBatch } from "./native-udp.ts";
import { createQuota } from "./quota.ts";
import { type Desk, type Outlook, openSession, type Session } from "./session.ts";
import { sightOf, signatureOf } from "./view.ts";
import { newQuery } from "./wire.ts";
import { createZone } from "./zone.ts";

/** Queries on their way to upstreams at once, as Docker's. */
const MAX_FORWARDED = 1024;
/** Where sandboxes find us. An upstream with it would be ourselves, if it is asked from inside; the host's may be another resolver. */
const OWN_ADDRESS = "127.0.0.11";

/** The `Dns` of the model, on the thread where it is made. `serve` and `stop` of one sandbox must not run at the same time. */
export interface Server {
  set(records: readonly NameRecord[]): void;
  change(put: readonly NameRecord[], drop: readonly Id[]): void;
  /** @throws notFound without sockets for a sandbox that is not served; SystemError for sockets that are none. */
  serve(view: ResolverView, sockets?: Fds): Promise<void>;
  stop(sandboxId: Id): void;
  close(): void;
}

export function createServer(): Server {
  const zone = createZone();
  const desk: Desk = { batch: createBatch(), query: newQuery(), scratch: Buffer.alloc(0xffff) };
  const share = createQuota(MAX_FORWARDED);
  const sessions = new Map<Id, Session>();

  return {
    set: (records) => zone.set(records),
    change: (put, drop) => zone.change(put, drop),
    async serve(view, sockets) {
      const outlook = outlookOf(view);
      if (sockets) {
        stop(view.sandboxId);
        sessions.set(view.sandboxId, await openSession(desk, sockets, share(), outlook));
        return;
      }
      const session = sessions.get(view.sandboxId);
      if (!session) throw new NetError("notFound", `sandbox ${view.sandboxId} has no DNS sockets`);
      session.change(outlook);
    },
    stop,
    close() {
      for (const id of sessions.keys()) stop(id);
    },
  };

  function stop(sandboxId: Id): void {
    sessions.get(sandboxId)?.close();
    sessions.delete(sandboxId);
  }

  /** Sandboxes that see the same share one answerer, and with it what was prepared. */
  function outlookOf(view: ResolverView): Outlook {
    const sight = sightOf(view);
    const signature = signatureOf(sight);
    const same = sessions.values().find((session) => session.outlook.signature === signature);
    return {
      signature,
      answerer: same?.outlook.answerer ?? createAnswerer(zone, sight),
      upstreams: view.upstreams.filter(({ address, from }) => from === "host" || address !== OWN_ADDRESS),
    };
  }
}
