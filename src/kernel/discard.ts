import { socketNumbers } from "../../native/index.ts";
import { messageOf, NetError } from "../model/errors.ts";
import type { Netns } from "../model/kernel.ts";
import type { Log } from "../model/log.ts";
import type { Namespaces } from "./namespaces.ts";
import { delGroup, retireLink } from "./netlink/link.ts";
import { netlinkSocket } from "./netlink/socket.ts";
import { refused } from "./refusal.ts";

/** The link group of what is to be deleted, "nlom" as a number. Links that a crash left in it go with the next ones. */
const RETIRED_GROUP = 0x6e6c6f6d;

/**
 * Takes links out of service at once and deletes them in the background. A deletion waits for RCU (25 ms), however many links it
 * takes, so there is one at a time and it takes all that have come meanwhile.
 */
export interface Discards {
  discard(where: Netns, name: string): Promise<void>;
  /** Resolves when all is deleted. @throws the first failure since the last call */
  settle(): Promise<void>;
}

export function discards(spaces: Namespaces, log: Log | undefined): Discards {
  const waiting = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const failures: unknown[] = [];

  async function deleteRetired(path: string): Promise<void> {
    while (waiting.delete(path)) {
      try {
        await deleteGroup(spaces, path);
      } catch (error) {
        // A namespace that is gone has taken its links with it.
        if (error instanceof NetError && error.code === "notFound") continue;
        log?.warn("links could not be deleted", { netns: path, error: messageOf(error) });
        failures.push(error);
      }
    }
    running.delete(path);
  }

  return {
    async discard(where, name) {
      if (!(await retire(spaces, where, name))) return;
      waiting.add(where.path);
      if (!running.has(where.path)) running.set(where.path, deleteRetired(where.path));
    },
    async settle() {
      while (running.size > 0) await Promise.all(running.values());
      const [first] = failures.splice(0);
      if (first !== undefined) throw first;
    },
  };
}

/** Returns false when there is no such link. */
async function retire(spaces: Namespaces, where: Netns, name: string): Promise<boolean> {
  const request = retireLink(name, RETIRED_GROUP);
  const [answer] = await spaces.with(where, ({ route }) => route.ask([request]));
  if (answer?.refusal === undefined) return true;
  if (answer.refusal.name === "ENODEV") return false;
  throw refused(request.what, answer.refusal);
}

async function deleteGroup(spaces: Namespaces, path: string): Promise<void> {
  await spaces.with({ path }, async ({ fd }) => {
    // A socket of its own, so that nobody's request queues behind the wait.
    const socket = netlinkSocket(fd, socketNumbers.NETLINK_ROUTE);
    try {
      const request = delGroup(RETIRED_GROUP);
      const [answer] = await socket.ask([request]);
      if (answer?.refusal !== undefined && answer.refusal.name !== "ENODEV") throw refused(request.what, answer.refusal);
    } finally {
      await socket.close();
    }
  });
}
