import { readdir } from "node:fs/promises";
import { messageOf } from "../model/errors.ts";
import { cleanUp, hasConmon } from "./clean-up.ts";
import { recordEnd } from "./end.ts";
import { removeContainer } from "./remove.ts";
import type { Room } from "./room.ts";
import { isLive, type Row } from "./rows.ts";

/** Makes the store and the machine agree again: who still runs goes on, whose end was missed has it recorded, half done starts are undone. */
export async function restoreContainers(room: Room): Promise<void> {
  await Promise.all(room.rows.all().map((row) => restoreOne(room, row).catch((error) => report(room, row.id, error))));
  const known = new Set(room.rows.all().map(({ id }) => id));
  const runs = await readdir(room.paths.bundles);
  await Promise.all(runs.filter((id) => !known.has(id)).map((id) => cleanUp(room, id).catch((error) => report(room, id, error))));
  for (const id of await room.exits.list()) {
    const row = room.rows.get(id);
    if (row === undefined || !isLive(row)) await room.exits.forget(id);
  }
}

async function restoreOne(room: Room, row: Row): Promise<void> {
  if (row.state.status === "removing") return removeContainer(room, row.id, { volumes: false });
  if (isLive(row)) return recordEnd(room, row.id, (await hasConmon(room, row.id)) ? {} : { lostPid: row.state.pid });
  // Whoever was to bring it back decides anew.
  if (row.state.status === "restarting") room.rows.setState(row.id, { status: "exited" });
  await room.locks.run(row.id, () => cleanUp(room, row.id));
}

function report(room: Room, id: string, error: unknown): void {
  room.log.error("a container could not be restored", { id, error: messageOf(error) });
}
