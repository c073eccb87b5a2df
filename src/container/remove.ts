import { rm } from "node:fs/promises";
import { messageOf, NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { cleanUp } from "./clean-up.ts";
import type { Room } from "./room.ts";
import { isLive, type Row } from "./rows.ts";
import { removeVolume } from "./volumes.ts";

/** The intent is stored first: a removal that is broken off is finished by the next start of the daemon. */
export function removeContainer(room: Room, id: Id, options: { volumes: boolean }): Promise<void> {
  return room.locks.run(id, async () => {
    const row = room.rows.must(id);
    if (isLive(row)) {
      throw new NetError(
        "conflict",
        `cannot remove container "${row.name}": container is ${row.state.status}: stop the container before removing or force remove`,
      );
    }
    room.rows.setState(id, { status: "removing" });
    try {
      await removeFiles(room, row, options.volumes);
    } catch (error) {
      room.rows.setState(id, { status: "dead", error: messageOf(error) });
      throw error;
    }
    room.streams.close(id);
    room.rows.delete(id);
    room.ends.removed(id, row.state.exitCode);
  });
}

async function removeFiles(room: Room, row: Row, volumes: boolean): Promise<void> {
  await cleanUp(room, row.id);
  await room.exits.forget(row.id);
  await rm(room.paths.dir(row.id), { recursive: true, force: true });
  await rm(room.paths.files(row.id), { recursive: true, force: true });
  if (!volumes) return;
  const others = room.rows.all().filter(({ id }) => id !== row.id);
  const used = new Set(others.flatMap(({ mounts }) => mounts.map(({ name }) => name)));
  for (const { name, anonymous } of row.mounts) {
    if (anonymous && name !== undefined && !used.has(name)) await removeVolume(room.paths, name);
  }
}
