import type { Container, Session } from "../../container/types.ts";
import type { Id } from "../../model/id.ts";
import type { DaemonDeps } from "../types.ts";
import type { Volumes } from "../volumes.ts";
import type { KeyedLock } from "./locks.ts";
import type { Restarts } from "./restarts.ts";
import type { Runs } from "./runs.ts";

/** What the verbs share. Locks are by container; no verb waits for a process to end while it holds one, because ends need it too. */
export interface Stage extends DaemonDeps {
  volumes: Volumes;
  lock: KeyedLock;
  runs: Runs;
  restarts: Restarts;
  /** Sessions that wait for a start: they end when it fails. */
  sessions: Map<Id, Set<Session>>;
}

/** Does its process live (paused counts)? */
export function lives(container: Container): boolean {
  return container.state.status === "running" || container.state.status === "paused";
}
