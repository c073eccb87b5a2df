import { isAbsolute } from "node:path";
import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { defaultHostname } from "./bundle.ts";
import { parseSignal } from "./signals.ts";
import { MASKED_PATHS, READONLY_PATHS } from "./spec/security.ts";
import type { ContainerConfig, HostConfig } from "./types.ts";

const SHM_BYTES = 64 << 20;

const EMPTY_CONFIG: Omit<ContainerConfig, "Image"> = {
  Hostname: "",
  Domainname: "",
  User: "",
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: "",
  Entrypoint: null,
  Labels: {},
};

/**
 * What a person asked for laid over what the image says: a new entrypoint drops the image's command, variables, labels, ports and volumes
 * are joined. @throws invalid `no command specified` and values that mean nothing.
 */
export function completeConfig(
  wish: Partial<ContainerConfig> & { Image: string },
  image: Partial<ContainerConfig>,
  id: Id,
): ContainerConfig {
  const given = withoutUndefined(wish);
  const merged: ContainerConfig = { ...EMPTY_CONFIG, ...given, ...commandOf(given, image) };
  merged.Hostname = given.Hostname || defaultHostname(id);
  merged.User = given.User || image.User || "";
  merged.WorkingDir = given.WorkingDir || image.WorkingDir || "";
  merged.Env = joinEnv(given.Env ?? null, image.Env ?? null);
  merged.Labels = { ...image.Labels, ...given.Labels };
  const ports = { ...image.ExposedPorts, ...given.ExposedPorts };
  if (Object.keys(ports).length > 0) merged.ExposedPorts = ports;
  const volumes = { ...image.Volumes, ...given.Volumes };
  merged.Volumes = Object.keys(volumes).length > 0 ? volumes : null;
  const stopSignal = given.StopSignal || image.StopSignal;
  if (stopSignal) merged.StopSignal = stopSignal;
  check(merged);
  return merged;
}

function commandOf(wish: Partial<ContainerConfig>, image: Partial<ContainerConfig>): Pick<ContainerConfig, "Entrypoint" | "Cmd"> {
  const entrypoint = wish.Entrypoint ?? null;
  const cmd = wish.Cmd ?? null;
  // `--entrypoint ""` comes as one empty string: no entrypoint, not even the image's.
  if (entrypoint?.length === 1 && entrypoint[0] === "") return { Entrypoint: null, Cmd: cmd };
  if (entrypoint !== null && entrypoint.length > 0) return { Entrypoint: entrypoint, Cmd: cmd };
  return { Entrypoint: image.Entrypoint ?? null, Cmd: cmd !== null && cmd.length > 0 ? cmd : (image.Cmd ?? null) };
}

/** Entrypoint and Cmd joined. @throws invalid when both are empty. */
export function commandLine(config: ContainerConfig): { path: string; args: string[] } {
  const [path, ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (path === undefined || path === "") throw new NetError("invalid", "no command specified");
  return { path, args };
}

function joinEnv(mine: string[] | null, images: string[] | null): string[] | null {
  if (images === null) return mine;
  const named = new Set((mine ?? []).map((text) => text.split("=", 1)[0]));
  return [...images.filter((text) => !named.has(text.split("=", 1)[0])), ...(mine ?? [])];
}

function check(config: ContainerConfig): void {
  commandLine(config);
  if (config.StopSignal !== undefined) parseSignal(config.StopSignal);
  if (config.WorkingDir !== "" && !isAbsolute(config.WorkingDir)) {
    throw new NetError("invalid", `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`);
  }
  for (const text of config.Env ?? []) {
    if (text === "" || text.startsWith("=") || text.includes("\0")) throw new NetError("invalid", `invalid environment variable: ${text}`);
  }
}

/** Every member that we honour has a value; the others stay as they were sent. */
export function completeHostConfig(wish: Partial<HostConfig>, cgroupVersion: 1 | 2): HostConfig {
  const host: HostConfig = {
    Binds: null,
    NetworkMode: "default",
    PortBindings: {},
    PublishAllPorts: false,
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    AutoRemove: false,
    CapAdd: null,
    CapDrop: null,
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    Links: null,
    Privileged: false,
    ReadonlyRootfs: false,
    ShmSize: SHM_BYTES,
    Memory: 0,
    MemorySwap: 0,
    NanoCpus: 0,
    CpuShares: 0,
    CpuPeriod: 0,
    CpuQuota: 0,
    PidsLimit: null,
    Ulimits: [],
    OomScoreAdj: 0,
    PidMode: "",
    IpcMode: "private",
    UTSMode: "",
    LogConfig: { Type: "json-file", Config: {} },
    Runtime: "runc",
    CgroupnsMode: cgroupVersion === 1 ? "host" : "private",
    MaskedPaths: MASKED_PATHS,
    ReadonlyPaths: READONLY_PATHS,
    ...meant(wish),
  };
  host.LogConfig = { Type: wish.LogConfig?.Type || "json-file", Config: wish.LogConfig?.Config ?? {} };
  host.RestartPolicy = { Name: wish.RestartPolicy?.Name || "no", MaximumRetryCount: wish.RestartPolicy?.MaximumRetryCount ?? 0 };
  return host;
}

/** Clients send every member: an empty text, a zero size and null mean "as you like" where we have a better default. */
function meant(wish: Partial<HostConfig>): Partial<HostConfig> {
  const kept = withoutUndefined(wish);
  for (const name of ["IpcMode", "NetworkMode", "Runtime", "CgroupnsMode"]) if (kept[name] === "") delete kept[name];
  for (const name of ["MaskedPaths", "ReadonlyPaths", "Ulimits", "Dns", "DnsOptions", "DnsSearch", "PortBindings"]) {
    if (kept[name] === null) delete kept[name];
  }
  if (kept.ShmSize === 0) delete kept.ShmSize;
  if (kept.PidsLimit === 0 || kept.PidsLimit === -1) kept.PidsLimit = null;
  return kept;
}

function withoutUndefined<T extends object>(wish: T): T {
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as T;
}
