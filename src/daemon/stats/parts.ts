import { cpus } from "node:os";
import { jsonInteger, sorted } from "../json.ts";
import { type CgroupFiles, readOrEmpty } from "./cgroup-files.ts";

/** A tick of USER_HZ, in nanoseconds. [time(7)] */
const TICK_NS = 10_000_000;
const num = (text: string) => Number(text.trim() || 0);

/** `cpu_stats`: nanoseconds of the container and of the whole machine, so that a client can divide their differences. */
export async function cpuStats(cgroup: CgroupFiles): Promise<object> {
  const [usage, throttling, stat] = await Promise.all([
    cgroup.version === 1 ? usageV1(cgroup) : usageV2(cgroup),
    cgroup.read("cpu", "cpu.stat"),
    readOrEmpty("/proc/stat"),
  ]);
  const values = keyed(throttling);
  return {
    cpu_usage: usage,
    system_cpu_usage: systemNs(stat),
    online_cpus: cpus().length,
    throttling_data: {
      periods: values.nr_periods ?? 0,
      throttled_periods: values.nr_throttled ?? 0,
      throttled_time: values.throttled_time ?? (values.throttled_usec ?? 0) * 1000,
    },
  };
}

export async function memoryStats(cgroup: CgroupFiles, memoryBytes: number): Promise<object> {
  const names =
    cgroup.version === 1
      ? ["memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.stat", "memory.limit_in_bytes"]
      : ["memory.current", "memory.peak", "memory.stat", "memory.max"];
  const [usage = "", most = "", stat = "", limit = ""] = await Promise.all(names.map((name) => cgroup.read("memory", name)));
  const limitBytes = limit.trim() === "max" || limit === "" ? memoryBytes : Math.min(num(limit), memoryBytes);
  return {
    usage: num(usage),
    ...(cgroup.version === 1 && { max_usage: num(most) }),
    stats: sorted(counters(stat)),
    limit: limitBytes,
  };
}

export async function pidsStats(cgroup: CgroupFiles): Promise<object> {
  const [current, limit] = await Promise.all([cgroup.read("pids", "pids.current"), cgroup.read("pids", "pids.max")]);
  return { current: num(current), ...(limit.trim() !== "max" && limit !== "" && { limit: num(limit) }) };
}

/** Bytes and operations by device; the other lists belong to schedulers that are gone, and stay empty. */
export async function blockStats(cgroup: CgroupFiles): Promise<object> {
  const [bytes, operations] =
    cgroup.version === 1
      ? await Promise.all(
          ["blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_serviced_recursive"].map(async (name) =>
            devicesV1(await cgroup.read("blkio", name)),
          ),
        )
      : devicesV2(await cgroup.read("io", "io.stat"));
  return {
    io_service_bytes_recursive: bytes,
    io_serviced_recursive: operations,
    io_queue_recursive: [],
    io_service_time_recursive: [],
    io_wait_time_recursive: [],
    io_merged_recursive: [],
    io_time_recursive: [],
    sectors_recursive: [],
  };
}

/** `networks`: what went through each interface of the process' namespace but lo. [proc_pid_net(5)] */
export async function networkStats(pid: number): Promise<Record<string, object>> {
  const lines = (await readOrEmpty(`/proc/${pid}/net/dev`)).split("\n").slice(2);
  const rows = lines.flatMap((line) => {
    const [name, counters] = line.split(":");
    if (counters === undefined || name?.trim() === "lo") return [];
    const [rxBytes, rxPackets, rxErrors, rxDropped, , , , , txBytes, txPackets, txErrors, txDropped] = counters
      .trim()
      .split(/\s+/)
      .map(Number);
    const received = { rx_bytes: rxBytes, rx_packets: rxPackets, rx_errors: rxErrors, rx_dropped: rxDropped };
    return [
      [name?.trim() ?? "", { ...received, tx_bytes: txBytes, tx_packets: txPackets, tx_errors: txErrors, tx_dropped: txDropped }] as const,
    ];
  });
  return Object.fromEntries(rows);
}

async function usageV1(cgroup: CgroupFiles): Promise<object> {
  const names = ["cpuacct.usage", "cpuacct.usage_percpu", "cpuacct.stat"];
  const [total = "", each = "", stat = ""] = await Promise.all(names.map((name) => cgroup.read("cpuacct", name)));
  const { user = 0, system = 0 } = keyed(stat);
  return {
    total_usage: num(total),
    percpu_usage: each.trim().split(/\s+/).filter(Boolean).map(Number),
    usage_in_kernelmode: system * TICK_NS,
    usage_in_usermode: user * TICK_NS,
  };
}

async function usageV2(cgroup: CgroupFiles): Promise<object> {
  const { usage_usec = 0, system_usec = 0, user_usec = 0 } = keyed(await cgroup.read("cpu", "cpu.stat"));
  return { total_usage: usage_usec * 1000, usage_in_kernelmode: system_usec * 1000, usage_in_usermode: user_usec * 1000 };
}

/** user to steal; guest time is in user time already. [proc_stat(5)] */
function systemNs(stat: string): number {
  const ticks = /^cpu +([\d ]+)$/m.exec(stat)?.[1]?.split(" ").map(Number) ?? [];
  return ticks.slice(0, 8).reduce((sum, value) => sum + value, 0) * TICK_NS;
}

/** `name value` lines. */
function keyed(text: string): Record<string, number> {
  return Object.fromEntries([...text.matchAll(/^(\S+) (\d+)$/gm)].map(([, name, value]) => [name, Number(value)]));
}

/** As they are: no limit is a number beyond those that a double keeps. */
function counters(text: string): Record<string, unknown> {
  return Object.fromEntries([...text.matchAll(/^(\S+) (\d+)$/gm)].map(([, name, value]) => [name, jsonInteger(BigInt(value ?? 0))]));
}

/** `8:0 Read 4096` */
function devicesV1(text: string): object[] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op, value]) => device(major, minor, op, value));
}

/** `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 ...` */
function devicesV2(text: string): [object[], object[]] {
  const pick = (read: string, write: string) =>
    [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, values = ""]) =>
      [
        [read, "read"],
        [write, "write"],
      ].flatMap(([key, op]) => {
        const value = new RegExp(`\\b${key}=(\\d+)`).exec(values)?.[1];
        return value === undefined ? [] : [device(major, minor, op, value)];
      }),
    );
  return [pick("rbytes", "wbytes"), pick("rios", "wios")];
}

function device(major: string | undefined, minor: string | undefined, op: string | undefined, value: string | undefined): object {
  return { major: Number(major), minor: Number(minor), op, value: Number(value) };
}
