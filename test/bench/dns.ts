/** Answers per second, round trips and CPU of the DNS server beside the least that C needs, in turns. Run: node test/bench/dns.ts [ROUNDS] */
import { once } from "node:events";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { end, must, ROOT, start } from "../support/process.ts";

const NAMES = 1000;
const SECONDS = 2;
/** Clients and the questions that each has open. */
const LOADS = [
  [1, 1],
  [1, 20],
  [10, 10],
  [10, 25],
] as const;

interface Figures {
  qps: number;
  p50: number;
  p99: number;
  lost: number;
  cpuUs: number;
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function compile(name: string): Promise<string> {
  const out = `${ROOT}/build/bench/${name}`;
  await mkdir(`${ROOT}/build/bench`, { recursive: true });
  await must(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", out, here(`${name}.c`)]);
  return out;
}

/** CPU time of all threads of a process, in microseconds. [proc(5) schedstat] */
async function cpuUs(pid: number): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/schedstat`, "utf8")));
  return times.reduce((sum, text) => sum + Number(text.split(" ")[0]) / 1000, 0);
}

async function measure(
  load: string,
  server: { pid: number; ip: string; port: string },
  clients: number,
  outstanding: number,
): Promise<Figures> {
  const before = await cpuUs(server.pid);
  const numbers = await must([
    "taskset",
    "-c",
    "1",
    load,
    server.ip,
    server.port,
    `${NAMES}`,
    `${clients}`,
    `${outstanding}`,
    `${SECONDS}`,
  ]);
  const [qps = 0, p50 = 0, p99 = 0, lost = 0] = numbers.split(" ").map(Number);
  return { qps, p50, p99, lost, cpuUs: ((await cpuUs(server.pid)) - before) / (qps * SECONDS) };
}

/** Server and load on a CPU each: where the scheduler puts them is otherwise half of the result. taskset executes, so the pid is the server's. */
async function serverOf(argv: string[], ip: string) {
  const child = start(["taskset", "-c", "0", ...argv], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
  return { pid: child.pid ?? 0, ip, port: String(line).trim(), [Symbol.asyncDispose]: () => end(child) };
}

function median(rows: Figures[], key: keyof Figures): number {
  return rows.map((row) => row[key]).sort((a, b) => a - b)[rows.length >> 1] ?? 0;
}

const rounds = Number(process.argv[2] ?? 3);
const load = await compile("dnsload");
await using floor = await serverOf([await compile("dns-floor"), `${NAMES}`], "127.0.0.1");
await using ours = await serverOf([process.execPath, here("dns-serve.ts"), `${NAMES}`], "127.0.0.11");
// Once for the compiler's sake: V8 optimises what has run often.
await measure(load, ours, 10, 10);
console.log(
  `${availableParallelism()} CPUs, ${NAMES} names, medians of ${rounds} rounds of ${SECONDS} s, in turns, server on CPU 0, load on CPU 1`,
);
console.log(
  "clients x open |            floor in C: q/s  p50 us  p99 us  CPU us |              netloom: q/s  p50 us  p99 us  CPU us  lost | q/s ratio  p50 ratio",
);
for (const [clients, outstanding] of LOADS) {
  const rows: { floor: Figures[]; ours: Figures[] } = { floor: [], ours: [] };
  for (let i = 0; i < rounds; i++) {
    rows.floor.push(await measure(load, floor, clients, outstanding));
    rows.ours.push(await measure(load, ours, clients, outstanding));
  }
  const cell = (of: Figures[]) => `${median(of, "qps")} ${median(of, "p50")} ${median(of, "p99")} ${median(of, "cpuUs").toFixed(1)}`;
  const ratio = (key: keyof Figures) => (median(rows.ours, key) / median(rows.floor, key)).toFixed(2);
  console.log(
    `${clients} x ${outstanding} | ${cell(rows.floor)} | ${cell(rows.ours)} ${median(rows.ours, "lost")} | ${ratio("qps")} ${ratio("p50")}`,
  );
}
