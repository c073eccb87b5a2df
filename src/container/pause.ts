import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Room } from "./room.ts";

/** The freezer cgroup. @throws conflict when it is paused already or does not run. */
export function pauseContainer(room: Room, id: Id): Promise<void> {
  return room.locks.run(id, async () => {
    const row = room.rows.mustRun(id);
    if (row.state.status === "paused") throw new NetError("conflict", `Container ${id} is already paused`);
    await room.runc.pause(id);
    room.rows.setState(id, { status: "paused" });
  });
}

/** @throws internal when it is not paused. */
export function unpauseContainer(room: Room, id: Id): Promise<void> {
  return room.locks.run(id, async () => {
    const row = room.rows.mustRun(id);
    // Docker answers 500 here, and 409 for the pause of a paused one.
    if (row.state.status !== "paused") throw new NetError("internal", `Container ${id} is not paused`);
    await room.runc.resume(id);
    room.rows.setState(id, { status: "running" });
  });
}
