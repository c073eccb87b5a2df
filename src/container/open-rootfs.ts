import { mkdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Id } from "../model/id.ts";
import type { Room } from "./room.ts";
import { resolveInRoot } from "./root-path.ts";
import { isLive, type Row } from "./rows.ts";
import type { OpenRootfs } from "./types.ts";
import { makeSources } from "./volumes.ts";

/**
 * The root of a container, to read and to write in it from outside. That of a process that lives is there already; for one that does not,
 * layers and volumes are mounted, and start, end and removal of the container wait until it is closed: one upper layer takes one mount.
 */
export async function openRootfs(room: Room, id: Id, options: { mounts: boolean }): Promise<OpenRootfs> {
  const opened = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<void>();
  const use = room.locks.run(id, async () => {
    const row = room.rows.must(id);
    if (isLive(row)) return opened.resolve(options.mounts ? `/proc/${row.state.pid}/root` : room.paths.rootfs(id));
    try {
      const root = await room.rootfs.mount(id, row.imageId);
      if (options.mounts) await mountVolumes(room, row, root);
      opened.resolve(root);
      await closed.promise;
    } finally {
      // Takes along all that is mounted below.
      await room.rootfs.unmount(id);
    }
  });
  use.catch(opened.reject);
  return {
    path: await opened.promise,
    async close() {
      closed.resolve();
      await use;
    },
  };
}

/** Where a process would see them. What is kept in memory has nothing in it while nobody runs. */
async function mountVolumes(room: Room, { mounts }: Row, root: string): Promise<void> {
  await makeSources(mounts);
  for (const { type, source, destination } of mounts) {
    if (type === "tmpfs") continue;
    await room.rootfs.bind(source, await placeIn(root, destination, source));
  }
}

/** The place itself, without links on the way; what is missing is made. */
async function placeIn(root: string, destination: string, source: string): Promise<string> {
  const place = resolveInRoot(root, destination);
  if (place !== undefined) return place;
  const missing = join(await placeIn(root, dirname(destination), root), basename(destination));
  if ((await stat(source)).isDirectory()) await mkdir(missing, { mode: 0o755 });
  else await writeFile(missing, "", { flag: "wx" });
  return missing;
}
