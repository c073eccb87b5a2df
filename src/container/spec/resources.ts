import { NetError } from "../../model/errors.ts";
import type { HostConfig } from "../types.ts";
import type { OciResources, OciRlimit } from "./oci.ts";

const MEMORY_MIN_BYTES = 6 << 20;
const CPU_PERIOD_US = 100_000;
const CPU_PERIOD_MIN_US = 1_000;

const RLIMITS = [
  ...["as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime"],
  ...["sigpending", "stack"],
];

/** @throws invalid what the kernel would refuse or nobody can mean. */
export function checkResources(host: HostConfig, cpus: number): void {
  const { Memory: memory, MemorySwap: swap, NanoCpus: nano } = host;
  if (memory !== 0 && memory < MEMORY_MIN_BYTES) throw new NetError("invalid", "Minimum memory limit allowed is 6MB");
  if (swap > 0 && memory === 0) {
    throw new NetError("invalid", "You should always set the Memory limit when using Memoryswap limit, see usage");
  }
  if (swap > 0 && swap < memory) {
    throw new NetError("invalid", "Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  if (nano !== 0 && (host.CpuPeriod !== 0 || host.CpuQuota !== 0)) {
    throw new NetError("invalid", `Conflicting options: Nano CPUs and CPU ${host.CpuPeriod !== 0 ? "Period" : "Quota"} cannot both be set`);
  }
  if (nano < 0 || nano > cpus * 1e9) {
    throw new NetError("invalid", `range of CPUs is from 0.01 to ${cpus.toFixed(2)}, as there are only ${cpus} CPUs available`);
  }
  if (host.CpuPeriod !== 0 && (host.CpuPeriod < CPU_PERIOD_MIN_US || host.CpuPeriod > 1e6)) {
    throw new NetError("invalid", "CPU cfs period cannot be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
  }
  for (const { Name, Soft, Hard } of host.Ulimits) {
    if (!RLIMITS.includes(Name)) throw new NetError("invalid", `invalid ulimit type: ${Name}`);
    if (Hard !== -1 && (Soft > Hard || Soft === -1))
      throw new NetError("invalid", `ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`);
  }
}

/** Limits as the runtime takes them, for create and for update; what is 0 is not limited. */
export function ociResources(host: HostConfig): OciResources {
  const resources: OciResources = {};
  const memory = memoryOf(host);
  if (memory !== undefined) resources.memory = memory;
  const cpu = cpuOf(host);
  if (cpu !== undefined) resources.cpu = cpu;
  if (host.PidsLimit !== null && host.PidsLimit !== 0) resources.pids = { limit: host.PidsLimit };
  if (typeof host.BlkioWeight === "number" && host.BlkioWeight > 0) resources.blockIO = { weight: host.BlkioWeight };
  return resources;
}

function memoryOf(host: HostConfig): OciResources["memory"] {
  const memory: NonNullable<OciResources["memory"]> = {};
  if (host.Memory > 0) memory.limit = host.Memory;
  // A limit without a word on swap means as much swap as memory.
  if (host.MemorySwap !== 0) memory.swap = host.MemorySwap;
  else if (host.Memory > 0) memory.swap = host.Memory * 2;
  if (typeof host.MemoryReservation === "number" && host.MemoryReservation > 0) memory.reservation = host.MemoryReservation;
  if (host.OomKillDisable === true) memory.disableOOMKiller = true;
  return Object.keys(memory).length === 0 ? undefined : memory;
}

function cpuOf(host: HostConfig): OciResources["cpu"] {
  const cpu: NonNullable<OciResources["cpu"]> = {};
  if (host.CpuShares > 0) cpu.shares = host.CpuShares;
  if (host.NanoCpus > 0) Object.assign(cpu, { period: CPU_PERIOD_US, quota: Math.round((host.NanoCpus * CPU_PERIOD_US) / 1e9) });
  if (host.CpuPeriod > 0) cpu.period = host.CpuPeriod;
  if (host.CpuQuota > 0) cpu.quota = host.CpuQuota;
  if (typeof host.CpusetCpus === "string" && host.CpusetCpus !== "") cpu.cpus = host.CpusetCpus;
  if (typeof host.CpusetMems === "string" && host.CpusetMems !== "") cpu.mems = host.CpusetMems;
  return Object.keys(cpu).length === 0 ? undefined : cpu;
}

/** The hard limits of this process by name (`nofile`); absent: unlimited. */
export type HardLimits = ReadonlyMap<string, number>;

/**
 * Ulimits, none above our own hard limits: a process without CAP_SYS_RESOURCE cannot raise them, and the runtime would fail.
 * @returns also the names of those that were cut.
 */
export function ociRlimits(host: HostConfig, ours: HardLimits): { rlimits: OciRlimit[]; clamped: string[] } {
  const clamped: string[] = [];
  const rlimits = host.Ulimits.map(({ Name, Soft, Hard }) => {
    const most = ours.get(Name) ?? Number.POSITIVE_INFINITY;
    const [soft, hard] = [unlimitedOr(Soft), unlimitedOr(Hard)];
    if (hard > most) clamped.push(`${Name}: ${hard === Number.POSITIVE_INFINITY ? "unlimited" : hard} is more than ${most}`);
    return { type: `RLIMIT_${Name.toUpperCase()}`, soft: finite(Math.min(soft, most)), hard: finite(Math.min(hard, most)) };
  });
  return { rlimits, clamped };
}

function unlimitedOr(limit: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}

// RLIM_INFINITY is 2^64-1, which a JSON number cannot carry exactly: the runtime reads this largest exact one as far more than any kernel grants.
function finite(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
