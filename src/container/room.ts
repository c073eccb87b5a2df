import type { Log } from "../model/log.ts";
import type { HostFacts } from "./bundle.ts";
import type { Cgroups } from "./cgroup.ts";
import type { ConmonOptions } from "./conmon.ts";
import type { Ends } from "./ends.ts";
import type { ExitFiles } from "./exit-files.ts";
import type { Locks } from "./locks.ts";
import type { Paths } from "./paths.ts";
import type { Rootfs } from "./rootfs.ts";
import type { Rows } from "./rows.ts";
import type { Runc } from "./runc.ts";
import type { Streams } from "./streams.ts";
import type { SyncPipe } from "./sync-pipe.ts";
import type { Images } from "./types.ts";

/** What the verbs share. */
export interface Room {
  paths: Paths;
  rows: Rows;
  images: Images;
  rootfs: Rootfs;
  runc: Runc;
  conmon: ConmonOptions;
  cgroups: Cgroups;
  exits: ExitFiles;
  ends: Ends;
  locks: Locks;
  streams: Streams;
  facts: HostFacts;
  /** Open pipes to conmons that this daemon started, to be closed with the room. */
  pipes: Set<SyncPipe>;
  log: Log;
}
