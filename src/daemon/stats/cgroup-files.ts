import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A process' control groups, by what is asked of them. */
export interface CgroupFiles {
  version: 1 | 2;
  /** The text of a file of the group that a controller is in: `read("memory", "memory.stat")`. Empty when it is not there. */
  read(controller: string, file: string): Promise<string>;
}

/** Where the groups of a process lie: /proc/<pid>/cgroup says which, mountinfo says where. [cgroups(7)] */
export async function cgroupOf(pid: number): Promise<CgroupFiles> {
  const [groups, mounts] = await Promise.all([readOrEmpty(`/proc/${pid}/cgroup`), readOrEmpty("/proc/self/mountinfo")]);
  const folders = foldersOf(groups, mounts);
  return {
    version: folders.has("memory") ? 1 : 2,
    async read(controller, file) {
      const folder = folders.get(controller) ?? folders.get("");
      return folder === undefined ? "" : readOrEmpty(join(folder, file));
    },
  };
}

/** By controller; the unified hierarchy by the empty name. Lines are `4:memory:/netloom/<id>`, `0::/netloom/<id>`. */
export function foldersOf(groups: string, mounts: string): Map<string, string> {
  const roots = new Map<string, { root: string; point: string }>();
  for (const line of mounts.split("\n")) {
    // `36 32 0:31 / /sys/fs/cgroup/memory rw,... shared:9 - cgroup cgroup rw,memory` [proc_pid_mountinfo(5)]
    const [left = "", right = ""] = line.split(" - ");
    const [, , , root = "/", point = ""] = left.split(" ");
    const [kind, , options = ""] = right.split(" ");
    if (kind === "cgroup2") roots.set("", { root, point });
    if (kind === "cgroup") for (const option of options.split(",")) roots.set(option, { root, point });
  }
  const folders = new Map<string, string>();
  for (const line of groups.split("\n")) {
    const [, controllers, ...rest] = line.split(":");
    if (controllers === undefined) continue;
    for (const controller of controllers.split(",")) {
      const mount = roots.get(controller);
      if (mount !== undefined) folders.set(controller, join(mount.point, below(mount.root, rest.join(":"))));
    }
  }
  return folders;
}

/** The mount may show only a part of the hierarchy. */
function below(root: string, path: string): string {
  return root !== "/" && path.startsWith(root) ? path.slice(root.length) : path;
}

/** A process that has ended leaves nothing to read. */
export async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH", "ENODEV", "EOPNOTSUPP"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
