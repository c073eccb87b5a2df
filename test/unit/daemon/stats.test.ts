import test from "ava";
import { cgroupOf, foldersOf } from "../../../src/daemon/stats/cgroup-files.ts";
import { blockStats, cpuStats, memoryStats, networkStats, pidsStats } from "../../../src/daemon/stats/parts.ts";
import { harness } from "./harness.ts";

const keys = (value: object) => Object.keys(value).join(" ");
const files = (version: 1 | 2, texts: Record<string, string>) => ({
  version,
  read: async (_controller: string, file: string) => texts[file] ?? "",
});

test("groups are found by controller, in both versions and where a mount shows only a part", (t) => {
  const mounts =
    "36 32 0:31 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n" +
    "37 32 0:32 /part /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n" +
    "38 32 0:33 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw\n";
  const folders = foldersOf("4:memory:/netloom/a\n3:cpu,cpuacct:/part/netloom/a\n0::/x:y\n", mounts);
  t.is(folders.get("memory"), "/sys/fs/cgroup/memory/netloom/a");
  t.is(folders.get("cpuacct"), "/sys/fs/cgroup/cpu/netloom/a");
  t.is(folders.get(""), "/sys/fs/cgroup/unified/x:y");
});

test("cgroup v1 as recorded", async (t) => {
  const cgroup = files(1, {
    "cpuacct.usage": "161751135\n",
    "cpuacct.usage_percpu": "60685047 101066088 \n",
    "cpuacct.stat": "user 11\nsystem 4\n",
    "cpu.stat": "nr_periods 1\nnr_throttled 2\nthrottled_time 3\n",
    "memory.usage_in_bytes": "598016\n",
    "memory.max_usage_in_bytes": "5144576\n",
    "memory.stat": "cache 147456\nrss 49152\n",
    "memory.limit_in_bytes": "9223372036854771712\n",
    "pids.current": "1\n",
    "pids.max": "max\n",
    "blkio.throttle.io_service_bytes_recursive": "8:0 Read 4096\nTotal 4096\n",
  });
  const cpu = (await cpuStats(cgroup)) as { cpu_usage: object; throttling_data: object; system_cpu_usage: number };
  t.deepEqual(cpu.cpu_usage, {
    total_usage: 161751135,
    percpu_usage: [60685047, 101066088],
    usage_in_kernelmode: 40000000,
    usage_in_usermode: 110000000,
  });
  t.is(keys(cpu), "cpu_usage system_cpu_usage online_cpus throttling_data");
  t.true(cpu.system_cpu_usage > 0);
  t.deepEqual(await memoryStats(cgroup, 25276514304), {
    usage: 598016,
    max_usage: 5144576,
    stats: { cache: 147456, rss: 49152 },
    limit: 25276514304,
  });
  t.deepEqual(await pidsStats(cgroup), { current: 1 });
  t.like(await blockStats(cgroup), {
    io_service_bytes_recursive: [{ major: 8, minor: 0, op: "Read", value: 4096 }],
    io_serviced_recursive: [],
  });
});

test("cgroup v2", async (t) => {
  const cgroup = files(2, {
    "cpu.stat": "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 1\nnr_throttled 1\nthrottled_usec 7\n",
    "memory.current": "10",
    "memory.max": "max",
    "memory.stat": "anon 4\n",
    "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n",
  });
  t.like(await cpuStats(cgroup), {
    cpu_usage: { total_usage: 5000, usage_in_kernelmode: 2000, usage_in_usermode: 3000 },
    throttling_data: { throttled_time: 7000 },
  });
  t.deepEqual(await memoryStats(cgroup, 99), { usage: 10, stats: { anon: 4 }, limit: 99 });
  t.like(await blockStats(cgroup), {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: "read", value: 1 },
      { major: 8, minor: 0, op: "write", value: 2 },
    ],
  });
});

test("of a living process and of one that is gone", async (t) => {
  t.notThrows(async () => cpuStats(await cgroupOf(process.pid)));
  t.false(Object.hasOwn(await networkStats(process.pid), "lo"));
  t.deepEqual(await networkStats(2 ** 22 + 1), {});
});

test("a container that does not run has all members, and nothing in them", async (t) => {
  const { call, made } = await harness(t);
  await made("done1");
  const { json } = await call("GET", "/v1.51/containers/done1/stats?stream=0");
  t.is(keys(json), "name id read preread pids_stats blkio_stats num_procs storage_stats cpu_stats precpu_stats memory_stats");
  t.like(json, { read: "0001-01-01T00:00:00Z", memory_stats: {}, cpu_stats: { cpu_usage: { total_usage: 0 } } });
  t.is(json.blkio_stats.io_service_bytes_recursive, null);
});
