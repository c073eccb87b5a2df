import { shortId } from "../model/id.ts";
import { capabilitySet, ociCapabilities } from "./spec/capabilities.ts";
import type { Devices } from "./spec/devices.ts";
import type { PlannedMount } from "./spec/mount-wishes.ts";
import { placementMounts, plannedMounts, systemMounts } from "./spec/mounts.ts";
import type { OciLinux, OciProcess, OciSpec } from "./spec/oci.ts";
import { type HardLimits, ociResources, ociRlimits } from "./spec/resources.ts";
import { seccompFilter } from "./spec/seccomp.ts";
import { readSecurity } from "./spec/security.ts";
import type { User } from "./spec/user.ts";
import type { Container, HostConfig, Placement } from "./types.ts";

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What this process may give away, found once at open. */
export interface HostFacts {
  capabilities: string[];
  hardLimits: HardLimits;
  cpus: number;
  cgroupVersion: 1 | 2;
  /** As Node calls it: x64, arm64. */
  arch: string;
  /** A small init (tini and the like) for `--init`; undefined when none is installed. */
  initPath: string | undefined;
}

/** All that a bundle is made of, looked up beforehand. */
export interface BundleInput {
  container: Container;
  placement: Placement;
  planned: PlannedMount[];
  rootfs: string;
  user: User;
  devices: Devices;
  /** Paths of namespaces of other containers, for `--pid container:X`. */
  joined: { pid?: string; ipc?: string };
  facts: HostFacts;
}

/** Where in the container `--init` finds its program. */
export const INIT_IN_CONTAINER = "/sbin/docker-init";

/** config.json of a container. Pure: equal input, equal bundle. */
export function ociSpec(input: BundleInput): OciSpec {
  const { container, placement, planned, rootfs, facts } = input;
  const { config, hostConfig: host } = container;
  const withInit = host.Init === true && facts.initPath !== undefined;
  const mounts = [
    ...systemMounts(host),
    ...placementMounts(placement, planned, host.ReadonlyRootfs),
    ...plannedMounts(planned),
    ...(withInit ? [{ destination: INIT_IN_CONTAINER, type: "bind", source: facts.initPath as string, options: ["bind", "ro"] }] : []),
  ];
  const args = [container.path, ...container.args];
  return {
    ociVersion: "1.0.2",
    process: ociProcess(input, withInit ? [INIT_IN_CONTAINER, "--", ...args] : args),
    root: { path: rootfs, readonly: host.ReadonlyRootfs },
    // With the host's UTS namespace its name would be changed.
    ...(host.UTSMode === "host" ? {} : { hostname: config.Hostname }),
    mounts,
    linux: ociLinux(input),
  };
}

function ociProcess({ container, user, facts }: BundleInput, args: string[]): OciProcess {
  const { config, hostConfig: host } = container;
  const size = consoleSize(host.ConsoleSize);
  return {
    terminal: config.Tty,
    ...(config.Tty && size !== undefined ? { consoleSize: size } : {}),
    user,
    args,
    env: environment(container),
    cwd: config.WorkingDir || "/",
    capabilities: ociCapabilities(heldCapabilities(host, facts), user.uid),
    rlimits: ociRlimits(host, facts.hardLimits).rlimits,
    noNewPrivileges: readSecurity(host).noNewPrivileges,
    ...(host.OomScoreAdj === 0 ? {} : { oomScoreAdj: host.OomScoreAdj }),
  };
}

/** [rows, columns], as the Docker API sends it; zeros mean unknown. */
export function consoleSize(size: unknown): { height: number; width: number } | undefined {
  const [height, width] = Array.isArray(size) ? size : [];
  return typeof height === "number" && typeof width === "number" && height > 0 && width > 0 ? { height, width } : undefined;
}

export function heldCapabilities(host: HostConfig, facts: HostFacts): string[] {
  return capabilitySet({ add: host.CapAdd ?? [], drop: host.CapDrop ?? [], privileged: host.Privileged }, facts.capabilities);
}

/** Defaults first, then what was asked for; a bare `NAME` takes the variable away. HOME is added by the runtime from the image's passwd. */
export function environment({ config }: Container): string[] {
  const variables = new Map<string, string>();
  const defaults = [DEFAULT_PATH, `HOSTNAME=${config.Hostname}`, ...(config.Tty ? ["TERM=xterm"] : [])];
  for (const text of [...defaults, ...(config.Env ?? [])]) {
    const name = text.split("=", 1)[0] ?? text;
    if (text.includes("=")) variables.set(name, text);
    else variables.delete(name);
  }
  return [...variables.values()];
}

function ociLinux({ container, placement, joined, devices, facts }: BundleInput): OciLinux {
  const { hostConfig: host } = container;
  const security = readSecurity(host);
  const seccomp = security.seccomp ? seccompFilter(heldCapabilities(host, facts), facts.arch) : undefined;
  return {
    namespaces: namespaces(host, placement, joined),
    cgroupsPath: cgroupPath(container),
    resources: { ...ociResources(host), devices: devices.rules },
    devices: devices.nodes,
    ...(host.Sysctls === undefined ? {} : { sysctl: host.Sysctls }),
    ...(seccomp === undefined ? {} : { seccomp }),
    maskedPaths: security.maskedPaths,
    readonlyPaths: security.readonlyPaths,
  };
}

function namespaces(host: HostConfig, placement: Placement, joined: BundleInput["joined"]): OciLinux["namespaces"] {
  const result: OciLinux["namespaces"] = [{ type: "mount" }];
  if (host.PidMode !== "host") result.push({ type: "pid", ...pathOf(joined.pid) });
  if (host.IpcMode !== "host") result.push({ type: "ipc", ...pathOf(joined.ipc) });
  if (host.UTSMode !== "host") result.push({ type: "uts" });
  // On the host network the runtime is where it has to be already: in the namespace of this daemon.
  if (host.NetworkMode !== "host") result.push({ type: "network", path: placement.netns });
  if (host.CgroupnsMode === "private") result.push({ type: "cgroup" });
  return result;
}

function pathOf(path: string | undefined): { path?: string } {
  return path === undefined ? {} : { path };
}

/** Below every hierarchy's root. */
export function cgroupPath({ id, hostConfig }: Container): string {
  const parent = typeof hostConfig.CgroupParent === "string" && hostConfig.CgroupParent !== "" ? hostConfig.CgroupParent : CGROUP_PARENT;
  return `${parent.startsWith("/") ? "" : "/"}${parent.replace(/\/+$/, "")}/${id}`;
}

export const CGROUP_PARENT = "/netloom";

/** The name that a container has for itself when nobody gives one. */
export function defaultHostname(id: string): string {
  return shortId(id);
}
