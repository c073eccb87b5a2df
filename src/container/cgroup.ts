import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { CGROUP_PARENT } from "./bundle.ts";
import type { Hierarchy } from "./cgroup-mounts.ts";

/** What is asked of a container's cgroup; `path` is as in its bundle: `/netloom/<id>`. */
export interface Cgroups {
  version: 1 | 2;
  /** How often the kernel killed in it for want of memory. 0 when it is gone. */
  oomKills(path: string): Promise<number>;
  /** Every process in it and below. */
  processes(path: string): Promise<number[]>;
  /** Removes the folder that all containers share, unless one is left. */
  removeParent(): Promise<void>;
}

export function createCgroups(hierarchies: Hierarchy[]): Cgroups {
  const unified = hierarchies.find(({ version }) => version === 2);
  const version = hierarchies.some((hierarchy) => hierarchy.version === 1) ? 1 : 2;
  const ofController = (name: string) => hierarchies.find(({ controllers }) => controllers.includes(name)) ?? unified;

  return {
    version,
    async oomKills(path) {
      const memory = ofController("memory");
      if (memory === undefined) return 0;
      const file = memory.version === 1 ? "memory.oom_control" : "memory.events";
      const text = await readOr(join(memory.mountPoint, path, file), "");
      return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
    },
    async processes(path) {
      const hierarchy = ofController("pids") ?? hierarchies[0];
      return hierarchy === undefined ? [] : processesBelow(join(hierarchy.mountPoint, path));
    },
    async removeParent() {
      await Promise.all(hierarchies.map(({ mountPoint }) => removeEmpty(join(mountPoint, CGROUP_PARENT))));
    },
  };
}

async function processesBelow(folder: string): Promise<number[]> {
  const own = (await readOr(join(folder, "cgroup.procs"), "")).split("\n").filter(Boolean).map(Number);
  const entries = await readdir(folder, { withFileTypes: true }).catch(ifGone([]));
  const below = await Promise.all(entries.filter((entry) => entry.isDirectory()).map((entry) => processesBelow(join(folder, entry.name))));
  return [...own, ...below.flat()];
}

/** `rmdir`; one with children or processes stays. */
async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (!["ENOENT", "EBUSY", "ENOTEMPTY", "EROFS"].includes(error.code ?? "")) throw error;
  });
}

function readOr(path: string, absent: string): Promise<string> {
  return readFile(path, "utf8").catch(ifGone(absent));
}

/** A cgroup may end while it is read: ENODEV is what its open files then say. */
function ifGone<T>(absent: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (["ENOENT", "ENODEV", "ENOTDIR"].includes(error.code ?? "")) return absent;
    throw error;
  };
}
