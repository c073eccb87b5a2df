import type { HostConfig } from "../types.ts";

/** Of the host's kernel, not of the container: nothing in there may be read. */
export const MASKED_PATHS = [
  ...["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list"],
  ...["/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"],
];

/** Of the host's kernel too: may be read, not written. */
export const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export interface Security {
  noNewPrivileges: boolean;
  seccomp: boolean;
  maskedPaths: string[];
  readonlyPaths: string[];
  /** Options whose meaning we do not know or cannot give. */
  unknown: string[];
}

/** `--privileged` and `--security-opt`, read once for the bundle and for the warnings. */
export function readSecurity(host: HostConfig): Security {
  const security: Security = {
    noNewPrivileges: false,
    seccomp: !host.Privileged,
    maskedPaths: host.Privileged ? [] : (paths(host.MaskedPaths) ?? MASKED_PATHS),
    readonlyPaths: host.Privileged ? [] : (paths(host.ReadonlyPaths) ?? READONLY_PATHS),
    unknown: [],
  };
  for (const text of paths(host.SecurityOpt) ?? []) apply(security, text.replace(/^([a-z-]+):/, "$1="));
  return security;
}

function apply(security: Security, option: string): void {
  switch (option) {
    case "no-new-privileges":
    case "no-new-privileges=true":
      security.noNewPrivileges = true;
      return;
    case "seccomp=unconfined":
      security.seccomp = false;
      return;
    case "systempaths=unconfined":
      security.maskedPaths = [];
      security.readonlyPaths = [];
      return;
    case "no-new-privileges=false":
    case "seccomp=builtin":
    case "apparmor=unconfined":
    case "label=disable":
      return;
    default:
      security.unknown.push(option);
  }
}

function paths(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((path) => typeof path === "string") : undefined;
}
