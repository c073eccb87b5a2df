import type { Container } from "../../container/types.ts";
import { NetError, wrap } from "../../model/errors.ts";
import type { Id } from "../../model/id.ts";
import { signalNumber } from "../signals.ts";
import type { Intent } from "./runs.ts";
import { lives, type Stage } from "./stage.ts";
import { tell } from "./tell.ts";

export interface StopOptions {
  signal?: string;
  timeoutS?: number;
}

const SIGKILL = 9;

/** @returns false when it does not run. Resolves when its sandbox is closed too. */
export async function stop(stage: Stage, ref: string, options: StopOptions): Promise<boolean> {
  const container = stage.containers.find(ref);
  if (await stayDown(stage, container)) return true;
  if (!lives(container)) return false;
  await end(stage, container, "stop", options);
  return true;
}

/** Calls off the next try of a restart policy. @returns whether one was waiting. */
async function stayDown({ restarts, containers }: Stage, { id }: Container): Promise<boolean> {
  if (!restarts.cancel(id)) return false;
  await containers.stop(id, {});
  return true;
}

/** Stop signal, then SIGKILL, which is told as well; resolves when the end was dealt with. */
export async function end(stage: Stage, container: Container, intent: Intent, options: StopOptions): Promise<void> {
  const signal = options.signal || container.config.StopSignal || "SIGTERM";
  const number = signalNumber(signal);
  if (number === undefined) throw new NetError("invalid", `invalid signal: ${signal}`);
  stage.runs.intend(container.id, intent);
  tell(stage, "kill", container, { signal: String(number) });
  if (!(await stage.containers.stop(container.id, { ...options, escalate: false }))) {
    tell(stage, "kill", container, { signal: String(SIGKILL) });
    await stage.containers.stop(container.id, { signal: "SIGKILL" });
  }
  await stage.runs.settled(container.id);
}

/** Sends a signal. Of SIGKILL the end is waited for, because it is sure to come. */
export async function kill(stage: Stage, ref: string, signal: string): Promise<void> {
  const container = stage.containers.find(ref);
  const number = signalNumber(signal);
  if (number === undefined) throw new NetError("invalid", `cannot kill container: ${ref}: invalid signal: ${signal}`);
  if (!lives(container) && (await stayDown(stage, container))) return;
  if (!lives(container)) throw new NetError("conflict", `cannot kill container: ${ref}: container ${container.id} is not running`);
  const final = number === SIGKILL || number === signalNumber(container.config.StopSignal || "SIGTERM");
  if (final) stage.runs.intend(container.id, "kill");
  tell(stage, "kill", container, { signal: String(number) });
  try {
    await stage.containers.kill(container.id, signal);
  } catch (error) {
    throw wrap(`cannot kill container: ${ref}`, error);
  }
  if (number === SIGKILL) await stage.runs.settled(container.id);
}

/** Ends a process that is in the way of a removal. */
export async function killForRemoval(stage: Stage, id: Id): Promise<void> {
  const container = stage.containers.get(id);
  if (container === undefined || !lives(container)) return;
  stage.runs.intend(id, "remove");
  tell(stage, "kill", container, { signal: String(SIGKILL) });
  await stage.containers.kill(id, "SIGKILL");
  await stage.runs.settled(id);
}

export async function pause(stage: Stage, ref: string): Promise<void> {
  const { id } = stage.containers.find(ref);
  await stage.lock(id, async () => {
    const container = stage.containers.find(id);
    if (container.state.status === "paused") throw new NetError("conflict", `Container ${id} is already paused`);
    if (!lives(container)) throw new NetError("conflict", `Container ${id} is not running`);
    await stage.containers.pause(id);
    tell(stage, "pause", container);
  });
}

export async function unpause(stage: Stage, ref: string): Promise<void> {
  const { id } = stage.containers.find(ref);
  await stage.lock(id, async () => {
    const container = stage.containers.find(id);
    // dockerd answers 500 here.
    if (container.state.status !== "paused") throw new NetError("internal", `Container ${id} is not paused`);
    await stage.containers.unpause(id);
    tell(stage, "unpause", container);
  });
}
