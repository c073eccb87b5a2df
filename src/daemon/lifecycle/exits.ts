import type { Container } from "../../container/types.ts";
import { messageOf } from "../../model/errors.ts";
import type { Id } from "../../model/id.ts";
import { millisOf } from "../go-time.ts";
import { discard } from "./remove.ts";
import { shouldRestart } from "./restart-policy.ts";
import type { Intent } from "./runs.ts";
import type { Stage } from "./stage.ts";
import { startAgain } from "./start.ts";
import { tell, tellMounts } from "./tell.ts";

interface End {
  id: Id;
  exitCode: number;
  oomKilled: boolean;
}

/** Deals with every end of a process until the container room closes. Ends of different containers do not wait for each other. */
export async function watchExits(stage: Stage): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for await (const end of stage.containers.exits()) {
    const deed = dealWith(stage, end).finally(() => underWay.delete(deed));
    underWay.add(deed);
  }
  await Promise.all(underWay);
}

async function dealWith(stage: Stage, end: End): Promise<void> {
  const intent = stage.runs.intentOf(end.id);
  try {
    await stage.lock(end.id, () => settle(stage, end, intent));
  } catch (error) {
    stage.log.error("the end of a container could not be dealt with", { id: end.id, error: messageOf(error) });
  }
}

async function settle(stage: Stage, end: End, intent: Intent | undefined): Promise<void> {
  const container = stage.containers.get(end.id);
  try {
    await stage.controller.close(end.id);
  } catch (error) {
    stage.log.error("a sandbox could not be closed; the next start of the daemon sweeps it", { id: end.id, error: messageOf(error) });
  }
  if (container !== undefined) {
    tellMounts(stage, "unmount", container, stage.containers.mounts(end.id));
    if (end.oomKilled) tell(stage, "oom", container);
    if (intent === "stop" || intent === "restart") tell(stage, "stop", container);
    tell(stage, "die", container, { execDuration: String(Math.floor(ranMs(container) / 1000)), exitCode: String(end.exitCode) });
  }
  stage.runs.ended(end.id);
  if (container !== undefined && intent !== "restart") await follow(stage, container, end, intent);
}

/** What a container's own settings ask for after its end. */
async function follow(stage: Stage, container: Container, end: End, intent: Intent | undefined): Promise<void> {
  const { id } = container;
  if (container.hostConfig.AutoRemove) return discard(stage, id, { volumes: true });
  const byHand = intent !== undefined || container.stoppedByHand;
  if (!shouldRestart(container, { exitCode: end.exitCode, byHand, tries: container.restartCount })) return;
  stage.containers.restarting(id);
  stage.restarts.schedule(id, ranMs(container), () => bringBack(stage, container));
}

/** A try of a restart policy. One that fails is told and was the last: what kept it down will not go away by trying. */
export function bringBack(stage: Stage, { id, name }: Container): void {
  startAgain(stage, id).catch((error: unknown) => {
    stage.log.warn("a restart policy could not start a container", { id, name, error: messageOf(error) });
  });
}

function ranMs({ state }: Container): number {
  const from = millisOf(state.startedAt);
  return from === undefined ? 0 : Math.max(0, (millisOf(state.finishedAt) ?? Date.now()) - from);
}
