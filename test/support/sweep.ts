import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { eventually } from "./eventually.ts";
import { must } from "./process.ts";
import { commandLine } from "./snapshot.ts";

/**
 * Removes what a daemon that is dead has left under its folders: monitors and their containers, cgroups, mounts. Of a daemon that was
 * asked to remove its containers first, there is nothing.
 */
export async function sweep(dirs: readonly string[]): Promise<void> {
  const belongs = (text: string) => dirs.some((dir) => text.includes(`${dir}/`));
  const monitors = processes().filter((pid) => commandLine(pid)[0]?.endsWith("conmon") && belongs(commandLine(pid).join(" ")));
  const victims = [...monitors.flatMap(descendants), ...monitors];
  const cgroups = [...new Set(victims.flatMap(cgroupsOf))];
  for (const pid of victims) kill(pid);
  await eventually(() => {
    const left = victims.filter((pid) => existsSync(`/proc/${pid}`) && commandLine(pid).length > 0);
    if (left.length > 0) throw new Error(`processes do not end: ${left.join(" ")}`);
  });
  for (const mount of mountsUnder(belongs)) await must(["umount", "--lazy", mount]);
  for (const cgroup of cgroups) await eventually(() => rmdir(cgroup).catch(unlessGone));
}

function processes(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function descendants(pid: number): number[] {
  const children = processes().filter((other) => parentOf(other) === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === "" ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** The folders of a container's cgroups. Those that it shares with us are not its own. */
function cgroupsOf(pid: number): string[] {
  const shared = new Set(
    read("/proc/self/cgroup")
      .split("\n")
      .map((line) => line.split(":")[2]),
  );
  return read(`/proc/${pid}/cgroup`)
    .split("\n")
    .flatMap((line) => {
      const [, controllers = "", path] = line.split(":");
      if (path === undefined || path === "/" || shared.has(path)) return [];
      const roots =
        controllers === "" ? ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] : [`/sys/fs/cgroup/${controllers.replace("name=", "")}`];
      return roots.map((root) => `${root}${path}`).filter(existsSync);
    });
}

/** Deepest first. */
function mountsUnder(belongs: (text: string) => boolean): string[] {
  return read("/proc/self/mountinfo")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => belongs(`${point}/`))
    .reverse();
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
