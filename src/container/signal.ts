import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Room } from "./room.ts";
import { isLive, type Row } from "./rows.ts";
import { parseSignal } from "./signals.ts";

const SIGKILL = 9;
const SIGTERM = 15;
const STOP_TIMEOUT_S = 10;
/** A killed process that waits for a disk ends when the disk answers. */
const KILL_TIMEOUT_MS = 30_000;

/** `runc kill` @throws conflict when it does not run, invalid for an unknown signal. */
export async function killContainer(room: Room, id: Id, text: string): Promise<void> {
  const signal = parseSignal(text || "KILL");
  const row = room.rows.mustRun(id);
  if ([SIGKILL, SIGTERM, stopSignal(row)].includes(signal) && !row.stoppedByHand) room.rows.patch(id, { stoppedByHand: true });
  await send(room, row, signal);
}

/** A frozen process takes a deadly signal when it thaws. */
async function send(room: Room, row: Row, signal: number): Promise<void> {
  if (signal === SIGKILL) room.streams.hurry(row.id);
  if (!(await room.runc.kill(row.id, signal))) return;
  if (row.state.status === "paused" && [SIGKILL, stopSignal(row)].includes(signal)) await room.runc.resume(row.id);
}

function stopSignal({ config }: Row): number {
  return config.StopSignal === undefined ? SIGTERM : parseSignal(config.StopSignal);
}

/** @returns false when it did not end in time and was not to be killed. @throws unavailable when not even SIGKILL ends it. */
export async function stopContainer(
  room: Room,
  id: Id,
  options: { signal?: string; timeoutS?: number; escalate?: boolean },
): Promise<boolean> {
  const row = room.rows.must(id);
  // It has no process, but a person's word to stay down all the same.
  if (row.state.status === "restarting") room.rows.patch(id, { stoppedByHand: true, state: { ...row.state, status: "exited" } });
  if (!isLive(row)) return true;
  const signal = options.signal ? parseSignal(options.signal) : stopSignal(row);
  const timeoutS = options.timeoutS ?? row.config.StopTimeout ?? STOP_TIMEOUT_S;
  // Listened for before the signal goes out, so that it cannot be missed.
  const gone = new AbortController();
  const end = room.ends.next(id, "end", gone.signal).then(() => true);
  end.catch(() => undefined);
  try {
    if (!row.stoppedByHand) room.rows.patch(id, { stoppedByHand: true });
    await send(room, row, signal);
    // A negative timeout waits for ever.
    if (timeoutS < 0) return await end;
    if (await within(end, timeoutS * 1000)) return true;
    if (options.escalate === false) return false;
    await forceEnd(room, row, end);
    return true;
  } finally {
    gone.abort();
  }
}

async function forceEnd(room: Room, row: Row, end: Promise<boolean>): Promise<void> {
  await send(room, row, SIGKILL);
  if (await within(end, KILL_TIMEOUT_MS)) return;
  throw new NetError("unavailable", `container ${row.id} did not end within ${KILL_TIMEOUT_MS / 1000} s of SIGKILL`);
}

async function within(end: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  return Promise.race([end, late]).finally(() => clearTimeout(timer));
}
