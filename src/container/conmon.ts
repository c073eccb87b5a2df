import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { deadline } from "./deadline.ts";
import { readSyncPipe, type SyncMessage, type SyncPipe } from "./sync-pipe.ts";

/** How long runc may take to make a container; a slow disk with a cold cache needs seconds. */
const CREATE_TIMEOUT_MS = 120_000;
const STDERR_MAX_CHARS = 4096;

/** conmon(8) stands between runc and us: it holds the streams, writes the log and waits for the end, whether we live or not. */
export interface ConmonOptions {
  program: string;
  runtime: string;
  runtimeRoot: string;
  /** For the terminal's socket, until runc has handed the terminal over. */
  temporary: string;
}

export interface ConmonRun {
  id: Id;
  /** Its folder: sockets and pid files are made in it. */
  bundle: string;
  exitDir: string;
  /** `k8s-file:<path>` or `none`. */
  log: string;
  logMaxBytes?: number;
  tty: boolean;
  stdin: boolean;
  /** An attached client's end of input is not the process's. */
  leaveStdinOpen: boolean;
  exec?: { processSpec: string; attach: boolean };
}

/** A conmon that was started and has not told how it went. */
export interface Conmon {
  /** Its first word: the pid, or why there is none. @throws internal when it said nothing, unavailable at the deadline. */
  started(): Promise<SyncMessage>;
  /** With exec.attach: resolves when the attach socket can be connected to. */
  attachable(): Promise<void>;
  /** With exec.attach: lets the command run. */
  release(): void;
  sync: SyncPipe;
}

export function conmonArgs(options: ConmonOptions, run: ConmonRun): string[] {
  return [
    ...["--api-version", "1", "--cid", run.id, "--cuuid", run.id, "--runtime", options.runtime],
    ...["--runtime-arg", "--root", "--runtime-arg", options.runtimeRoot],
    ...["--bundle", run.bundle, "--container-pidfile", join(run.bundle, "pid"), "--conmon-pidfile", join(run.bundle, "conmon.pid")],
    ...["--exit-dir", run.exitDir, "--full-attach", "--log-path", run.log, "--log-level", "error"],
    // The log is for people, not for a bank: its fsync would hold up every exit.
    "--no-sync-log",
    ...(run.logMaxBytes === undefined ? [] : ["--log-size-max", String(run.logMaxBytes)]),
    ...(run.tty ? ["--terminal"] : []),
    ...(run.stdin ? ["--stdin"] : []),
    ...(run.leaveStdinOpen ? ["--leave-stdin-open"] : []),
    ...(run.exec === undefined ? [] : ["--exec", "--exec-process-spec", run.exec.processSpec]),
    ...(run.exec?.attach ? ["--exec-attach"] : []),
  ];
}

/** Starts conmon, which forks itself away from us: into a session of its own, with none of our descriptors but the pipes. */
export function startConmon(options: ConmonOptions, run: ConmonRun): Conmon {
  const attach = run.exec?.attach === true;
  const child = spawn(options.program, conmonArgs(options, run), {
    cwd: run.bundle,
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe", ...(attach ? (["pipe", "pipe"] as const) : [])],
    env: {
      PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin",
      // The log's times are read back as UTC.
      TZ: "UTC",
      TMPDIR: options.temporary,
      _OCI_SYNCPIPE: "3",
      ...(attach ? { _OCI_STARTPIPE: "4", _OCI_ATTACHPIPE: "5" } : {}),
    },
  });
  const complaint = collect(child);
  const pipes = child.stdio as readonly unknown[] as readonly Duplex[];
  const sync = readSyncPipe(pipes[3] as Duplex);
  const start = attach ? pipes[4] : undefined;
  // Writing to a conmon that has ended already: its end is told by the other pipes.
  start?.on("error", () => start.destroy());
  start?.write("\0");
  const attachPipe = attach ? readSyncPipe(pipes[5] as Duplex) : undefined;

  return {
    sync,
    async started() {
      const message = await deadline(sync.next(), CREATE_TIMEOUT_MS, `${run.exec ? "exec in" : "start of"} container ${run.id}`);
      if (message !== undefined) return message;
      throw new NetError("internal", `conmon ended without a word: ${(await complaint()) || "no message"}`);
    },
    async attachable() {
      const said = await deadline(attachPipe?.next() ?? Promise.resolve(undefined), CREATE_TIMEOUT_MS, `exec in container ${run.id}`);
      attachPipe?.close();
      if (said === undefined) throw new NetError("internal", `conmon ended without a word: ${(await complaint()) || "no message"}`);
    },
    release: () => void start?.end("\0"),
  };
}

/** What it wrote to standard error before it let go of it; also why it could not be run at all. */
function collect(child: ChildProcess): () => Promise<string> {
  let text = "";
  const stderr = child.stdio[2] as Readable;
  stderr.setEncoding("utf8").on("data", (more: string) => {
    text = (text + more).slice(0, STDERR_MAX_CHARS);
  });
  const closed = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", () => resolve(text.trim()));
  });
  return () => closed;
}
