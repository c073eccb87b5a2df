import { messageOf } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { cgroupPath } from "./bundle.ts";
import { cleanUp } from "./clean-up.ts";
import type { ExitFile } from "./exit-files.ts";
import type { Room } from "./room.ts";
import { isLive, now } from "./rows.ts";
import { EXIT_UNKNOWN } from "./runtime-errors.ts";

/**
 * Records the end of a container's process and then tells it; safe to call whenever there may be one.
 * `lostPid`: nobody watches this process any more, so without an exit file it is over all the same.
 */
export function recordEnd(room: Room, id: Id, hint: { lostPid?: number } = {}): Promise<void> {
  return room.locks
    .run(id, async () => {
      const row = room.rows.get(id);
      if (row === undefined || !isLive(row)) return;
      const exit = (await room.exits.read(id)) ?? (hint.lostPid === row.state.pid ? lost() : undefined);
      if (exit === undefined) return;
      const oomKilled = (await room.cgroups.oomKills(cgroupPath(row))) > 0;
      room.streams.leave(id);
      // What cannot be cleaned now is tried again at the next start or remove; the end must be told all the same.
      await cleanUp(room, id).catch((error) => room.log.error("an ended container left something behind", { id, error: messageOf(error) }));
      room.rows.setState(id, { ...exit, status: "exited", pid: 0, oomKilled });
      await room.exits.forget(id);
      room.ends.ended({ id, exitCode: exit.exitCode, oomKilled });
    })
    .catch((error) => room.log.error("the end of a container could not be recorded", { id, error: messageOf(error) }));
}

function lost(): ExitFile {
  return { exitCode: EXIT_UNKNOWN, finishedAt: now() };
}
