import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Id } from "../model/id.ts";
import type { Room } from "./room.ts";

/** Takes away all that a run needs: processes and cgroup, the root filesystem's mount, the bundle. Absence is success. */
export async function cleanUp(room: Room, id: Id): Promise<void> {
  const bundle = room.paths.bundle(id);
  if (await exists(bundle)) await room.runc.delete(id);
  await room.rootfs.unmount(id);
  await rm(bundle, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Does the container's conmon live? A pid alone may belong to somebody else by now. */
export async function hasConmon(room: Room, id: Id): Promise<boolean> {
  const pid = await readOr(join(room.paths.bundle(id), "conmon.pid"));
  if (!/^\d+$/.test(pid)) return false;
  const argv = (await readOr(`/proc/${pid}/cmdline`)).split("\0");
  return argv.includes("--cid") && argv.includes(id);
}

function readOr(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    // A process that ends while it is asked: ESRCH.
    if (["ENOENT", "ESRCH"].includes(error.code ?? "")) return "";
    throw error;
  });
}
