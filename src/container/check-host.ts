import { statSync } from "node:fs";
import { NetError } from "../model/errors.ts";
import type { HostFacts } from "./bundle.ts";
import { capabilityName } from "./spec/capabilities.ts";
import { checkResources, ociRlimits } from "./spec/resources.ts";
import { readSecurity } from "./spec/security.ts";
import type { ContainerConfig, HostConfig } from "./types.ts";

const RESTART_POLICIES = ["no", "always", "unless-stopped", "on-failure"];
/** They all become the one log that conmon writes; `none` writes nothing. */
const LOG_DRIVERS = ["json-file", "local", "none"];
const SYSCTLS_OF_IPC = /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..+)$/;

/** @throws invalid what cannot be, before anything is made. */
export function checkHostConfig(host: HostConfig, config: Partial<ContainerConfig>, facts: HostFacts): void {
  checkResources(host, facts.cpus);
  for (const name of host.CapAdd ?? []) capabilityName(name, "CapAdd");
  for (const name of host.CapDrop ?? []) capabilityName(name, "CapDrop");
  checkRestartPolicy(host);
  checkModes(host, config);
  checkSysctls(host);
  if (!LOG_DRIVERS.includes(host.LogConfig.Type)) {
    throw new NetError("invalid", `logger: no log driver named '${host.LogConfig.Type}' is registered`, {
      hint: `one of ${LOG_DRIVERS.join(", ")}`,
    });
  }
  if (host.Runtime !== "runc") throw new NetError("invalid", `unknown or invalid runtime name: ${host.Runtime}`);
  for (const { Type, Source } of host.Mounts ?? []) {
    if (Type === "bind" && Source !== undefined && statSync(Source, { throwIfNoEntry: false }) === undefined) {
      throw new NetError("invalid", `invalid mount config for type "bind": bind source path does not exist: ${Source}`);
    }
  }
}

export function checkRestartPolicy({ RestartPolicy: policy, AutoRemove }: HostConfig): void {
  if (!RESTART_POLICIES.includes(policy.Name)) {
    const known = "use one of 'no', 'always', 'on-failure', or 'unless-stopped'";
    throw new NetError("invalid", `invalid restart policy: unknown policy '${policy.Name}'; ${known}`);
  }
  if (policy.MaximumRetryCount !== 0 && policy.Name !== "on-failure") {
    throw new NetError("invalid", "invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  if (AutoRemove && policy.Name !== "no") throw new NetError("invalid", "can't create 'AutoRemove' container with restart policy");
}

function checkModes(host: HostConfig, config: Partial<ContainerConfig>): void {
  const joins = /^container:.+$/;
  if (!["", "host"].includes(host.PidMode) && !joins.test(host.PidMode)) throw new NetError("invalid", `invalid PID mode: ${host.PidMode}`);
  if (!["none", "private", "shareable", "host"].includes(host.IpcMode) && !joins.test(host.IpcMode)) {
    throw new NetError("invalid", `invalid IPC mode: ${host.IpcMode}`);
  }
  if (!["", "host"].includes(host.UTSMode)) throw new NetError("invalid", `invalid UTS mode: ${host.UTSMode}`);
  if (!["host", "private"].includes(String(host.CgroupnsMode)))
    throw new NetError("invalid", `invalid cgroup namespace mode: ${host.CgroupnsMode}`);
  if (host.UTSMode === "host" && config.Hostname) throw new NetError("invalid", "conflicting options: hostname and the UTS mode");
}

/** Only those that belong to a namespace of the container: any other would change the host. */
function checkSysctls(host: HostConfig): void {
  for (const key of Object.keys(host.Sysctls ?? {})) {
    const ofNetwork = key.startsWith("net.") && !key.includes("..") && host.NetworkMode !== "host";
    const ofIpc = SYSCTLS_OF_IPC.test(key) && host.IpcMode !== "host";
    if (!ofNetwork && !ofIpc) throw new NetError("invalid", `sysctl '${key}' is not allowed: it is not in a separate kernel namespace`);
  }
}

/** What a person should know that would otherwise be done differently without a word. */
export function hostWarnings(host: HostConfig, config: ContainerConfig, facts: HostFacts): string[] {
  const warnings = ociRlimits(host, facts.hardLimits).clamped.map((text) => `Ulimit lowered to the limit of the daemon: ${text}`);
  const lost = (host.CapAdd ?? []).filter((name) => !["ALL", ...facts.capabilities].includes(capabilityName(name, "CapAdd")));
  if (lost.length > 0) warnings.push(`Capabilities discarded, because the daemon itself does not have them: ${lost.join(", ")}`);
  for (const option of readSecurity(host).unknown) warnings.push(`Security option discarded: ${option.slice(0, 60)}`);
  if (host.Init === true && facts.initPath === undefined)
    warnings.push("Init discarded: no init program is installed (tini, docker-init or catatonit)");
  if (host.UsernsMode !== undefined && !["", "host"].includes(String(host.UsernsMode))) warnings.push("User namespace mode discarded");
  if (host.IpcMode.startsWith("container:")) warnings.push("The IPC namespace is shared, /dev/shm is not");
  for (const [member, what] of UNSUPPORTED) if (isGiven(host[member])) warnings.push(`${what} discarded: not supported`);
  const test = (config as { Healthcheck?: { Test?: string[] | null } }).Healthcheck?.Test;
  if (test !== undefined && test !== null && test.length > 0 && test[0] !== "NONE") warnings.push("Health check discarded: not supported");
  return warnings;
}

const UNSUPPORTED = [
  ["DeviceRequests", "Device requests"],
  ["DeviceCgroupRules", "Device cgroup rules"],
  ["BlkioWeightDevice", "Block I/O weights of devices"],
  ["BlkioDeviceReadBps", "Block I/O read limits"],
  ["BlkioDeviceWriteBps", "Block I/O write limits"],
  ["BlkioDeviceReadIOps", "Block I/O read limits"],
  ["BlkioDeviceWriteIOps", "Block I/O write limits"],
  ["CpuRealtimeRuntime", "Realtime CPU limits"],
  ["StorageOpt", "Storage options"],
  ["VolumeDriver", "Volume driver"],
] as const;

function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === "local") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
