import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../../container/types.ts";
import { NEVER } from "../go-time.ts";
import { cgroupOf } from "./cgroup-files.ts";
import { blockStats, cpuStats, memoryStats, networkStats, pidsStats } from "./parts.ts";

const INTERVAL_MS = 1000;
const NO_CPU = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};
const NO_BLOCKS = Object.fromEntries(
  ["service_bytes", "serviced", "queue", "service_time", "wait_time", "merged", "time"].map((what) => [`io_${what}_recursive`, null]),
);

/** What was read at one moment. */
interface Sample {
  read: string;
  cpu: object;
  rest: { pids: object; blocks: object; memory: object; networks?: Record<string, object> };
}

/** Of whom statistics are told. `container` is asked again each time: it may start, stop and go. */
export interface Subject {
  container(): Container | undefined;
  /** The host's interfaces are not the container's. */
  ownNetwork: boolean;
  memoryBytes: number;
}

/** One record now and the sample before it, a second apart; with `oneShot` at once and without one before. */
export async function statsOnce(subject: Subject, oneShot: boolean, signal: AbortSignal): Promise<object> {
  const first = await take(subject);
  if (oneShot || first === undefined) return record(subject, first, undefined);
  await pause(signal);
  return record(subject, (await take(subject)) ?? first, first);
}

/** A record each second until the container is removed or the signal comes. */
export async function* statsStream(subject: Subject, signal: AbortSignal): AsyncGenerator<object> {
  let before: Sample | undefined;
  while (!signal.aborted && subject.container() !== undefined) {
    const sample = await take(subject);
    yield record(subject, sample, before);
    before = sample;
    await pause(signal);
  }
}

async function take({ container, ownNetwork, memoryBytes }: Subject): Promise<Sample | undefined> {
  const { pid = 0 } = container()?.state ?? {};
  if (pid === 0) return undefined;
  const cgroup = await cgroupOf(pid);
  const [cpu, pids, blocks, memory, networks] = await Promise.all([
    cpuStats(cgroup),
    pidsStats(cgroup),
    blockStats(cgroup),
    memoryStats(cgroup, memoryBytes),
    ownNetwork ? networkStats(pid) : undefined,
  ]);
  return { read: new Date().toISOString(), cpu, rest: { pids, blocks, memory, ...(networks && { networks }) } };
}

/** A container that does not run has all members, and nothing in them. */
function record(subject: Subject, sample: Sample | undefined, before: Sample | undefined): object {
  const container = subject.container();
  return {
    name: `/${container?.name ?? ""}`,
    id: container?.id ?? "",
    read: sample?.read ?? NEVER,
    preread: before?.read ?? NEVER,
    pids_stats: sample?.rest.pids ?? {},
    blkio_stats: sample?.rest.blocks ?? { ...NO_BLOCKS, sectors_recursive: null },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: sample?.cpu ?? NO_CPU,
    precpu_stats: before?.cpu ?? NO_CPU,
    memory_stats: sample?.rest.memory ?? {},
    ...(sample?.rest.networks && { networks: sample.rest.networks }),
  };
}

/** Statistics are rates: the second between two samples is what is measured. */
async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(INTERVAL_MS, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
