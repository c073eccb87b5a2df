import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { arch, cpus, hostname, totalmem } from "node:os";
import { promisify } from "node:util";
import type { Options } from "../config/options.ts";
import type { DaemonInfo } from "../daemon/types.ts";
import { DEFAULT_POOLS_4 } from "../ipam/default-pools.ts";
import type { Features } from "../model/kernel.ts";
import type { Firewall } from "../model/policy.ts";
import { VERSION } from "./version.ts";

const ARCHITECTURES: Record<string, { go: string; uname: string }> = {
  x64: { go: "amd64", uname: "x86_64" },
  arm64: { go: "arm64", uname: "aarch64" },
};

/** What /version and /info tell of this machine, read once at the start. */
export async function gatherFacts(
  options: Options,
  known: { id: string; features: Features; firewall: Firewall["name"]; drivers: string[] },
): Promise<DaemonInfo> {
  const cpu = ARCHITECTURES[arch()] ?? { go: arch(), uname: arch() };
  return {
    id: known.id,
    name: hostname(),
    version: VERSION,
    gitCommit: "",
    buildTime: "",
    arch: cpu.go,
    machine: cpu.uname,
    kernelVersion: known.features.kernelVersion,
    operatingSystem: operatingSystem(),
    cgroupVersion: existsSync("/sys/fs/cgroup/cgroup.controllers") ? "2" : "1",
    cgroupDriver: "cgroupfs",
    storageDriver: "overlay2",
    dataRoot: options.dataRoot,
    networkDrivers: known.drivers,
    firewall: known.firewall,
    addressPools: (options.addressPools.length > 0 ? options.addressPools : DEFAULT_POOLS_4).map(({ base, size }) => ({ base, size })),
    runtime: { name: "runc", version: await runcVersion() },
    labels: options.labels,
    debug: options.debug,
    ipv4Forwarding: readOr("/proc/sys/net/ipv4/ip_forward", "0").trim() === "1",
    cpus: cpus().length,
    memoryBytes: totalmem(),
  };
}

function operatingSystem(): string {
  return readOr("/etc/os-release", "").match(/^PRETTY_NAME="?([^"\n]*)"?$/m)?.[1] ?? "Linux";
}

function readOr(path: string, fallback: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : fallback;
}

/** `runc version 1.1.5+ds1`; empty when there is no runc: then starting a container will say so. */
async function runcVersion(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("runc", ["--version"]);
    return stdout.match(/runc version (\S+)/)?.[1] ?? "";
  } catch {
    return "";
  }
}
