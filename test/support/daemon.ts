import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { alpineTar } from "./alpine.ts";
import { type Call, call, type Reply } from "./api.ts";
import type { Netns } from "./netns.ts";
import { end, ROOT } from "./process.ts";
import { sweep } from "./sweep.ts";

export interface DaemonOptions {
  /** Beyond -H, --data-root, --exec-root and --pidfile. */
  args?: string[];
  env?: Record<string, string>;
  /** Default 20 000: from the start to `API listen on`. */
  startMs?: number;
}

/** A netloomd of a test, in the test's host, with roots of its own. */
export interface Daemon extends AsyncDisposable {
  /** `unix:///...` */
  host: string;
  socketPath: string;
  /** For whatever a test must keep beside it; removed with it. */
  dir: string;
  dataRoot: string;
  execRoot: string;
  readonly pid: number;
  /** All that it printed, over restarts. */
  readonly log: string;
  api<T = Record<string, unknown>>(method: string, path: string, options?: Call): Promise<Reply<T>>;
  /** As `api`; throws on a status of 400 and more, returns the body. */
  ask<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>;
  /** `docker import` of the busybox filesystem as `alpine:latest`. */
  importAlpine(): Promise<void>;
  /** SIGTERM, and waits for the end. Containers and networks stay. @returns the exit status */
  stop(): Promise<number | null>;
  /** SIGKILL: as a crash. */
  kill9(): Promise<void>;
  /** Starts it again on the same roots, after `stop`, `kill9`, or (stopping first) while it runs. */
  restart(): Promise<void>;
}

/** Starts netloomd in a host and waits until it serves. Disposing removes its containers and networks, ends it and removes its folders. */
export async function startNetloomd(host: Netns, options: DaemonOptions = {}): Promise<Daemon> {
  const dir = await mkdtemp(`${tmpdir()}/nl-`);
  // What dies with a reboot belongs on a tmpfs, and on many machines /run is none.
  const execRoot = await mkdtemp("/dev/shm/nl-");
  const socketPath = `${execRoot}/netloom.sock`;
  const dataRoot = `${dir}/data`;
  const roots = ["-H", `unix://${socketPath}`, "--data-root", dataRoot, "--exec-root", execRoot, "--pidfile", `${execRoot}/netloomd.pid`];
  let log = "";
  let child: ChildProcess | undefined;

  async function launch(): Promise<void> {
    const argv = [process.execPath, `${ROOT}/bin/netloomd.js`, ...roots, ...(options.args ?? [])];
    const started = host.start(argv, { stdio: ["ignore", "pipe", "pipe"], env: { ...options.env } });
    child = started;
    const before = log.length;
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        started.emit("said");
      });
    }
    const ended = once(started, "close");
    const signal = AbortSignal.timeout(options.startMs ?? 20_000);
    while (!log.slice(before).includes("API listen on")) {
      if (started.exitCode !== null || started.signalCode !== null)
        throw new Error(`netloomd ended with ${started.exitCode ?? started.signalCode}:\n${log.slice(before)}`);
      await Promise.race([once(started, "said", { signal }), ended]).catch((cause) => {
        started.kill("SIGKILL");
        throw new Error(`netloomd did not serve in time; it said:\n${log.slice(before)}`, { cause });
      });
    }
  }

  async function finish(signal: NodeJS.Signals): Promise<number | null> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    if (signal === "SIGTERM") await end(child);
    else {
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
    }
    return child.exitCode;
  }

  const daemon: Daemon = {
    host: `unix://${socketPath}`,
    socketPath,
    dir,
    dataRoot,
    execRoot,
    get pid() {
      return child?.pid ?? 0;
    },
    get log() {
      return log;
    },
    api: (method, path, call_) => call(socketPath, method, path, call_),
    async ask<T>(method: string, path: string, body?: unknown) {
      const reply = await call<T>(socketPath, method, path, body === undefined ? {} : { body });
      if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    async importAlpine() {
      await daemon.ask("POST", "/images/create?fromSrc=-&repo=alpine&tag=latest", await alpineTar());
    },
    stop: () => finish("SIGTERM"),
    async kill9() {
      await finish("SIGKILL");
    },
    async restart() {
      await finish("SIGTERM");
      await launch();
    },
    async [Symbol.asyncDispose]() {
      try {
        if (child?.exitCode === null && child.signalCode === null) await removeAll(daemon);
      } finally {
        await finish("SIGTERM");
        await sweep([dir, execRoot]);
        await rm(dir, { recursive: true, force: true });
        await rm(execRoot, { recursive: true, force: true });
      }
    },
  };
  try {
    await launch();
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
  return daemon;
}

/** Every container, then every network that a person made. */
async function removeAll(daemon: Daemon): Promise<void> {
  const containers = await daemon.ask<{ Id: string }[]>("GET", "/containers/json?all=1");
  const removeRest = async () => {
    for (let one = containers.pop(); one !== undefined; one = containers.pop())
      await daemon.api("DELETE", `/containers/${one.Id}?force=1&v=1`);
  };
  await Promise.all([removeRest(), removeRest(), removeRest(), removeRest()]);
  for (const { Id, Name } of await daemon.ask<{ Id: string; Name: string }[]>("GET", "/networks")) {
    if (!["bridge", "host", "none"].includes(Name)) await daemon.ask("DELETE", `/networks/${Id}`);
  }
}
