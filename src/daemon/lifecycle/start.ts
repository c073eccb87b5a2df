import { join } from "node:path";
import type { Container } from "../../container/types.ts";
import { messageOf, NetError } from "../../model/errors.ts";
import type { Id } from "../../model/id.ts";
import { discard } from "./remove.ts";
import { lives, type Stage } from "./stage.ts";
import { tell, tellMounts } from "./tell.ts";

/** The exit code of a container whose start failed before there was a process. */
const NO_PROCESS = 128;

/** A person's start. @returns false when it runs already. */
export async function start(stage: Stage, ref: string): Promise<boolean> {
  const { id } = stage.containers.find(ref);
  stage.restarts.forget(id);
  return startAgain(stage, id);
}

/** The start of a restart or of a policy: it keeps count. */
export async function startAgain(stage: Stage, id: Id): Promise<boolean> {
  // The end of the run before takes its sandbox away: let it, before a new one is made.
  while (stage.runs.has(id) && !lives(fresh(stage, id))) await stage.runs.settled(id);
  return stage.lock(id, () => startNow(stage, id));
}

async function startNow(stage: Stage, id: Id): Promise<boolean> {
  const container = fresh(stage, id);
  if (container.state.status === "running") return false;
  refuseState(container);
  refuseDeadTarget(stage, id);
  const mounts = stage.containers.mounts(id);
  tellMounts(stage, "mount", container, mounts);
  try {
    await runIn(stage, id);
  } catch (error) {
    await stage.controller.close(id);
    tellMounts(stage, "unmount", container, mounts);
    stage.containers.startFailed(id, messageOf(error), exitCodeOf(error));
    for (const session of stage.sessions.get(id) ?? []) session.close();
    if (container.hostConfig.AutoRemove) await discard(stage, id, { volumes: true });
    throw error;
  }
  tell(stage, "start", fresh(stage, id));
  return true;
}

async function runIn(stage: Stage, id: Id): Promise<void> {
  const sandbox = await stage.controller.open(id);
  const dir = stage.containers.filesDir(id);
  const placement = {
    netns: sandbox.path,
    hosts: join(dir, "hosts"),
    resolvConf: join(dir, "resolv.conf"),
    hostname: join(dir, "hostname"),
  };
  stage.runs.began(id);
  try {
    await stage.containers.start(id, placement);
  } catch (error) {
    stage.runs.ended(id);
    throw error;
  }
}

function fresh(stage: Stage, id: Id): Container {
  const container = stage.containers.get(id);
  if (container === undefined) throw new NetError("notFound", `No such container: ${id}`);
  return container;
}

function refuseState({ state }: Container): void {
  if (state.status === "paused") throw new NetError("conflict", "cannot start a paused container, try unpause instead");
  if (state.status === "removing" || state.status === "dead") {
    throw new NetError("conflict", "container is marked for removal and cannot be started");
  }
}

/** A namespace can be shared only while somebody keeps it. */
function refuseDeadTarget(stage: Stage, id: Id): void {
  const mode = stage.controller.member(id)?.mode;
  if (typeof mode !== "object") return;
  const target = stage.containers.get(mode.shareWith);
  if (target === undefined) throw new NetError("internal", `joining network namespace of container: No such container: ${mode.shareWith}`);
  if (!lives(target)) {
    const what = `container ${target.name} is ${target.state.status}`;
    throw new NetError("conflict", `cannot join network namespace of a non running container: ${what}`, {
      hint: `start ${target.name} first`,
    });
  }
}

/** As a shell would say it: 127 for a command that is not there, 126 for one that may not be run. */
function exitCodeOf(error: unknown): number {
  const commandIsBad = error instanceof NetError && error.code === "invalid";
  if (commandIsBad && /executable file not found|no such file or directory|not a directory/i.test(error.message)) return 127;
  if (commandIsBad && /permission denied/i.test(error.message)) return 126;
  return NO_PROCESS;
}
