import type { Closing } from "./closing.ts";
import type { Lifecycle } from "./lifecycle/index.ts";
import type { DaemonDeps } from "./types.ts";
import type { Upgrades } from "./upgrade.ts";
import type { Volumes } from "./volumes.ts";

/** What a route may use: the rooms for reading, the lifecycle for the verbs. */
export interface Context extends DaemonDeps {
  lifecycle: Lifecycle;
  volumes: Volumes;
  upgrades: Upgrades;
  closing: Closing;
}
