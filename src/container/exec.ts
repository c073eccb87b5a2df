import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, NetError } from "../model/errors.ts";
import { type Id, newId } from "../model/id.ts";
import { createStream, type Stream } from "./attach.ts";
import { type Conmon, startConmon } from "./conmon.ts";
import { userIn } from "./container-user.ts";
import { execProcess } from "./exec-process.ts";
import { resizeTerminal } from "./resize.ts";
import type { Room } from "./room.ts";
import type { Row } from "./rows.ts";
import { EXIT_UNKNOWN, execFailureText, runtimeMessage, startExitCode } from "./runtime-errors.ts";
import type { Containers, Exec, ExecConfig } from "./types.ts";

/** Clients ask for the exit code right after the end; nobody asks for older ones. */
const FORGET_AFTER_MS = 5 * 60_000;

export type Execs = Pick<Containers, "createExec" | "exec" | "execIds" | "execEnd" | "startExec" | "resizeExec"> & {
  /** With its container. */
  forgetAll(containerId: Id): void;
  closeAll(): void;
};

/** Kept in memory only: an exec dies unheard of with the daemon's knowledge of it, though its process goes on. */
interface Entry {
  exec: Exec;
  started: boolean;
  endedAtMs: number | undefined;
  end: PromiseWithResolvers<number>;
  /** The size that was asked for before there was a terminal. */
  size: [number, number] | undefined;
  stream: Stream | undefined;
}

export function createExecs(room: Room): Execs {
  const entries = new Map<Id, Entry>();

  function must(execId: Id): Entry {
    const entry = entries.get(execId);
    if (entry === undefined) throw new NetError("notFound", `No such exec instance: ${execId}`);
    return entry;
  }

  function forgetOld(): void {
    for (const [id, { endedAtMs }] of entries) if (endedAtMs !== undefined && endedAtMs < Date.now() - FORGET_AFTER_MS) entries.delete(id);
  }

  return {
    createExec(id, config) {
      forgetOld();
      mustTakeExecs(room, id);
      if (config.cmd.length === 0 || config.cmd[0] === "") throw new NetError("invalid", "No exec command specified");
      const exec: Exec = { id: newId(), containerId: id, config, running: false, exitCode: null, pid: 0 };
      entries.set(exec.id, {
        exec,
        started: false,
        endedAtMs: undefined,
        end: Promise.withResolvers(),
        size: undefined,
        stream: undefined,
      });
      return { ...exec };
    },
    exec: (execId) => ({ ...must(execId).exec }),
    execIds(id) {
      forgetOld();
      return Array.from(entries.values()).flatMap(({ exec }) => (exec.containerId === id ? [exec.id] : []));
    },
    execEnd: (execId) => must(execId).end.promise,
    async startExec(execId, { detach }) {
      const entry = must(execId);
      const row = mustTakeExecs(room, entry.exec.containerId);
      if (entry.started) throw new NetError("conflict", `exec command ${execId} is already running`);
      entry.started = true;
      return detach ? startDetached(room, row, entry) : startAttached(room, row, entry);
    },
    async resizeExec(execId, height, width) {
      const entry = must(execId);
      entry.size = [height, width];
      if (entry.exec.running) await resizeTerminal(room.paths.exec(entry.exec.containerId, execId), height, width, `exec ${execId}`);
    },
    forgetAll(containerId) {
      for (const [id, { exec }] of entries) if (exec.containerId === containerId) entries.delete(id);
    },
    closeAll() {
      for (const { stream } of entries.values()) stream?.close();
    },
  };
}

function mustTakeExecs(room: Room, id: Id): Row {
  const row = room.rows.mustRun(id);
  if (row.state.status === "paused") throw new NetError("conflict", `Container ${row.name} is paused, unpause the container before exec`);
  return row;
}

async function startDetached(room: Room, row: Row, entry: Entry): Promise<undefined> {
  const conmon = await startExecConmon(room, row, entry, false);
  const failure = await settle(room, entry, conmon);
  if (failure !== undefined) throw new NetError("invalid", failure);
}

async function startAttached(room: Room, row: Row, entry: Entry): Promise<ReturnType<Stream["join"]>> {
  const { tty, attachStdin } = entry.exec.config;
  const end = Promise.withResolvers<void>();
  const stdin = !attachStdin ? "none" : tty ? "open" : "once";
  const stream = createStream({ tty, stdin, keep: false, recorded: end.promise }, () => undefined);
  entry.stream = stream;
  const session = stream.join();
  try {
    const conmon = await startExecConmon(room, row, entry, true);
    await conmon.attachable();
    // Connected before the command may run: its first byte is seen.
    stream.connect(join(room.paths.exec(row.id, entry.exec.id), "attach"));
    conmon.release();
    const failure = await settle(room, entry, conmon, end.resolve);
    if (failure !== undefined) {
      stream.say(`${failure}\r\n`);
      end.resolve();
    }
    return session;
  } catch (error) {
    end.resolve();
    stream.close();
    throw error;
  }
}

async function startExecConmon(room: Room, row: Row, entry: Entry, attach: boolean): Promise<Conmon> {
  const { exec } = entry;
  const folder = room.paths.exec(row.id, exec.id);
  const processSpec = join(folder, "process.json");
  try {
    const user = userIn(`/proc/${row.state.pid}/root`, row, exec.config.user || row.config.User);
    const config: ExecConfig = entry.size === undefined ? exec.config : { ...exec.config, consoleSize: entry.size };
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(processSpec, JSON.stringify(execProcess(row, config, user, room.facts)), { mode: 0o600 });
  } catch (error) {
    over(entry, EXIT_UNKNOWN);
    throw error;
  }
  const { tty, attachStdin } = exec.config;
  const run = { id: row.id, bundle: folder, exitDir: folder, log: "none", tty, stdin: attach && attachStdin, leaveStdinOpen: tty };
  return startConmon(room.conmon, { ...run, exec: { processSpec, attach } });
}

/** Waits until the command runs, and leaves somebody waiting for its end. @returns why it does not run. */
async function settle(room: Room, entry: Entry, conmon: Conmon, onEnd: () => void = () => undefined): Promise<string | undefined> {
  const { exec } = entry;
  const { data: pid, message = "" } = await conmon.started();
  if (pid <= 0) {
    const reason = runtimeMessage(message) || "the runtime gave no reason";
    over(entry, startExitCode(reason));
    await leave(room, entry, conmon);
    return execFailureText(reason);
  }
  Object.assign(exec, { running: true, pid });
  room.pipes.add(conmon.sync);
  conmon.sync.next().then(async (end) => {
    over(entry, end?.data ?? EXIT_UNKNOWN);
    onEnd();
    await conmon.sync.ended;
    await leave(room, entry, conmon);
  });
  return undefined;
}

function over(entry: Entry, exitCode: number): void {
  Object.assign(entry.exec, { running: false, exitCode });
  entry.endedAtMs = Date.now();
  entry.end.resolve(exitCode);
}

async function leave(room: Room, { exec }: Entry, conmon: Conmon): Promise<void> {
  conmon.sync.close();
  room.pipes.delete(conmon.sync);
  const folder = room.paths.exec(exec.containerId, exec.id);
  await rm(folder, { recursive: true, force: true }).catch((error) => {
    room.log.error("an ended exec left its folder behind", { id: exec.id, error: messageOf(error) });
  });
}
