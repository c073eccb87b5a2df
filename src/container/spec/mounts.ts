import type { HostConfig, Placement } from "../types.ts";
import type { PlannedMount } from "./mount-wishes.ts";
import type { OciMount } from "./oci.ts";

/** What every process expects to find, in the order in which it is mounted. */
export function systemMounts(host: HostConfig): OciMount[] {
  const access = host.Privileged ? "rw" : "ro";
  const mounts: OciMount[] = [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", access] },
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [access, "nosuid", "noexec", "nodev"] },
  ];
  if (host.IpcMode === "host") {
    for (const path of ["/dev/mqueue", "/dev/shm"]) mounts.push({ destination: path, type: "bind", source: path, options: ["rbind"] });
    return mounts;
  }
  mounts.push({ destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] });
  if (host.IpcMode !== "none") {
    mounts.push({
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: ["nosuid", "noexec", "nodev", "mode=1777", `size=${host.ShmSize}`],
    });
  }
  return mounts;
}

/** The files that whoever prepared the sandbox wrote, unless a person mounts something of their own there. */
export function placementMounts(placement: Placement, planned: PlannedMount[], readonly: boolean): OciMount[] {
  const files = [
    { destination: "/etc/resolv.conf", source: placement.resolvConf },
    { destination: "/etc/hostname", source: placement.hostname },
    { destination: "/etc/hosts", source: placement.hosts },
  ];
  return files
    .filter(({ destination }) => !planned.some((mount) => mount.destination === destination))
    .map((file) => ({ ...file, type: "bind", options: ["rbind", "rprivate", readonly ? "ro" : "rw"] }));
}

/** What a person asked for. */
export function plannedMounts(planned: PlannedMount[]): OciMount[] {
  return planned.map(({ type, source, destination, rw, propagation, options }) => {
    const access = rw ? "rw" : "ro";
    if (type !== "tmpfs") return { destination, type: "bind", source, options: ["rbind", propagation, access] };
    return { destination, type: "tmpfs", source: "tmpfs", options: [...new Set(["nosuid", "nodev", "noexec", ...options, access])] };
  });
}
