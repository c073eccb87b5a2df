import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mounter } from "./native-mount.ts";

const CGROUP_ROOT = "/sys/fs/cgroup";

/** A mounted hierarchy. */
export interface Hierarchy {
  version: 1 | 2;
  /** `["cpu", "cpuacct"]`, `["name=systemd"]`; empty for version 2. */
  controllers: string[];
  mountPoint: string;
}

/** The cgroup lines of /proc/self/mountinfo ([proc_pid_mountinfo(5)]). */
export function parseCgroupMounts(mountinfo: string): Hierarchy[] {
  return mountinfo.split("\n").flatMap((line): Hierarchy[] => {
    const [before = "", after = ""] = line.split(" - ");
    const mountPoint = unescapeOctal(before.split(" ")[4] ?? "");
    const [type, , superOptions = ""] = after.split(" ");
    if (type === "cgroup2") return [{ version: 2, controllers: [], mountPoint }];
    if (type !== "cgroup") return [];
    const controllers = superOptions.split(",").filter((option) => !PLAIN_OPTIONS.includes(option) && !option.startsWith("release_agent="));
    return [{ version: 1, controllers, mountPoint }];
  });
}

const PLAIN_OPTIONS = ["rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "none"];

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** What /proc/self/cgroup says there is, whether it is mounted or not: `4:memory:/`, `0::/`. */
export function knownHierarchies(procCgroup: string): Hierarchy[] {
  const rows = procCgroup
    .split("\n")
    .filter(Boolean)
    .map((line) => (line.split(":")[1] ?? "").split(",").filter(Boolean));
  const mixed = rows.some((controllers) => controllers.length > 0);
  return rows.map((controllers) => {
    if (controllers.length === 0) return { version: 2, controllers, mountPoint: mixed ? join(CGROUP_ROOT, "unified") : CGROUP_ROOT };
    return { version: 1, controllers, mountPoint: join(CGROUP_ROOT, controllers.join(",").replace("name=", "")) };
  });
}

/** The hierarchies that can be used from here; another mount may lie over one that mountinfo still tells of. */
export function visibleHierarchies(): Hierarchy[] {
  const mounted = parseCgroupMounts(readFileSync("/proc/self/mountinfo", "utf8"));
  return mounted.filter(({ mountPoint }) => existsSync(join(mountPoint, "cgroup.procs")));
}

/**
 * The hierarchies, mounted now when none is to be seen: `ip netns exec` gives its command a new /sys without them.
 * That happens in the private mount namespace of this process and is gone with it.
 */
export async function ensureHierarchies(mounter: Mounter): Promise<Hierarchy[]> {
  const visible = visibleHierarchies();
  if (visible.length > 0) return visible;
  const known = knownHierarchies(readFileSync("/proc/self/cgroup", "utf8"));
  const flags = ["nosuid", "nodev", "noexec"] as const;
  if (known.some(({ version }) => version === 1)) {
    await mounter.mount({ type: "tmpfs", source: "cgroup_root", target: CGROUP_ROOT, flags: [...flags], data: "mode=755" });
  }
  for (const { version, controllers, mountPoint } of known) {
    mkdirSync(mountPoint, { recursive: true });
    if (version === 2) await mounter.mount({ type: "cgroup2", source: "cgroup2", target: mountPoint, flags: [...flags] });
    else await mounter.mount({ type: "cgroup", source: "cgroup", target: mountPoint, flags: [...flags], data: optionsOf(controllers) });
  }
  return visibleHierarchies();
}

/** A named hierarchy has no controllers, which must be said. */
function optionsOf(controllers: string[]): string {
  return controllers.map((name) => (name.startsWith("name=") ? `none,${name}` : name)).join(",");
}
