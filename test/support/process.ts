import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Without node_modules/.bin, where an unrelated `nft` lives. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface Result {
  /** 128 + the signal's number when it was killed, as a shell says it. */
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string | Uint8Array | undefined;
  env?: Record<string, string>;
  cwd?: string;
  /** Default 30 000. The process is killed and the promise fails. */
  timeoutMs?: number;
}

/** Runs a program to its end and never throws because of its status. @throws when it cannot be started or takes too long */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const child = start(argv, { stdio: "pipe", env: { ...options.env }, ...(options.cwd === undefined ? {} : { cwd: options.cwd }) });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
  // A process that ends before it has read all of its input is judged by its status, not by our broken pipe.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input ?? "");
  const timeoutMs = options.timeoutMs ?? 30_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const [status, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    const result = {
      status: status ?? 128 + signalNumber(signal),
      stdout: Buffer.concat(out).toString(),
      stderr: Buffer.concat(err).toString(),
    };
    if (late) throw new Error(`${argv.join(" ")}: no end after ${timeoutMs} ms\n${result.stdout}${result.stderr}`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** As `run`, for what must succeed. @returns stdout @throws with all that it printed */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(argv, options);
  if (status !== 0) throw new Error(`${argv.join(" ")}: exit status ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Starts a program with the system's PATH; the caller owns it. */
export function start(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [command, ...args] = argv;
  if (command === undefined) throw new Error("nothing to run");
  return spawn(command, args, { ...options, env: { ...process.env, PATH: SYSTEM_PATH, LC_ALL: "C", ...options.env } });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}

/** Ends a process: SIGTERM, and SIGKILL where that does not help in time. Absence is success. */
export async function end(child: ChildProcess, timeoutMs = 10_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  await gone;
  clearTimeout(timer);
}
