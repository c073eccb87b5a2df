import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import type { HostFacts } from "./bundle.ts";
import { capabilitiesOf } from "./spec/capabilities.ts";
import type { HardLimits } from "./spec/resources.ts";

/** Small programs that reap children and hand signals on. */
const INITS = ["/usr/bin/docker-init", "/usr/bin/tini", "/usr/bin/tini-static", "/usr/bin/catatonit", "/usr/libexec/podman/catatonit"];

/** proc_pid_limits(5)'s words for what setrlimit(2) calls them. */
const LIMITS: Record<string, string> = {
  "cpu time": "cpu",
  "file size": "fsize",
  "data size": "data",
  "stack size": "stack",
  "core file size": "core",
  "resident set": "rss",
  processes: "nproc",
  "open files": "nofile",
  "locked memory": "memlock",
  "address space": "as",
  "file locks": "locks",
  "pending signals": "sigpending",
  "msgqueue size": "msgqueue",
  "nice priority": "nice",
  "realtime priority": "rtprio",
  "realtime timeout": "rttime",
};

/** What this process is and has. */
export function gatherFacts(cgroupVersion: 1 | 2): HostFacts {
  const status = readFileSync("/proc/self/status", "utf8");
  const capabilities = heldOf(status);
  return {
    capabilities,
    // Whoever may raise limits has none that count.
    hardLimits: capabilities.includes("CAP_SYS_RESOURCE") ? new Map() : parseHardLimits(readFileSync("/proc/self/limits", "utf8")),
    cpus: cpus().length,
    cgroupVersion,
    arch: process.arch,
    initPath: INITS.find((path) => existsSync(path)),
  };
}

/** What may be handed on: permitted to us and not barred from programs that we execute. */
function heldOf(status: string): string[] {
  const mask = (name: string) => new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0";
  const bounding = capabilitiesOf(mask("CapBnd"));
  return capabilitiesOf(mask("CapPrm")).filter((name) => bounding.includes(name));
}

/** `Max open files            20000                20000                files` */
export function parseHardLimits(text: string): HardLimits {
  const limits = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, words = "", , hard = ""] = /^Max (.+?)\s{2,}(\S+)\s+(\S+)/.exec(line) ?? [];
    const name = LIMITS[words];
    if (name !== undefined && /^\d+$/.test(hard)) limits.set(name, Number(hard));
  }
  return limits;
}
