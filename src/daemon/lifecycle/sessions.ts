import type { Container, Exec, ExecConfig, Session } from "../../container/types.ts";
import { NetError } from "../../model/errors.ts";
import { lives, type Stage } from "./stage.ts";
import { tell } from "./tell.ts";

/** The container's streams, from now on; before its start they wait for it, and they end when the start fails. */
export async function attach(stage: Stage, ref: string): Promise<{ container: Container; session: Session }> {
  const container = stage.containers.find(ref);
  if (container.state.status === "paused")
    throw new NetError("conflict", `container ${ref} is paused, unpause the container before attach`);
  const session = await stage.containers.attach(container.id);
  tell(stage, "attach", container);
  return { container, session: tracked(stage, container.id, session) };
}

/** Its keys were pressed: the session is over, the process is not. */
export function detached(stage: Stage, ref: string): void {
  tell(stage, "detach", stage.containers.find(ref));
}

export function createExec(stage: Stage, ref: string, config: ExecConfig): Exec {
  const container = stage.containers.find(ref);
  if (container.state.status === "paused") throw new NetError("conflict", `Container ${ref} is paused, unpause the container before exec`);
  if (!lives(container)) throw new NetError("conflict", `container ${container.id} is not running`);
  const exec = stage.containers.createExec(container.id, config);
  tell(stage, `exec_create: ${commandOf(config)}`, container, { execID: exec.id });
  return exec;
}

/** @returns the session of an attached one. The end of either is told with the exit code. */
export async function startExec(stage: Stage, execId: string, options: { detach: boolean; tty: boolean }): Promise<Session | undefined> {
  const exec = stage.containers.exec(execId);
  const container = stage.containers.find(exec.containerId);
  if (!lives(container)) throw new NetError("conflict", `container ${container.id} is not running`);
  tell(stage, `exec_start: ${commandOf(exec.config)}`, container, { execID: exec.id });
  stage.containers.execEnd(execId).then((exitCode) => tell(stage, "exec_die", container, { execID: execId, exitCode: String(exitCode) }));
  return stage.containers.startExec(execId, options);
}

function commandOf({ cmd }: ExecConfig): string {
  return `${cmd[0] ?? ""} ${cmd.slice(1).join(" ")}`;
}

function tracked(stage: Stage, id: string, session: Session): Session {
  const all = stage.sessions.get(id) ?? new Set();
  stage.sessions.set(id, all.add(session));
  return endingWith(session, () => {
    all.delete(session);
    if (all.size === 0) stage.sessions.delete(id);
  });
}

/** The same session, with something to do once when its output has ended or it was closed. */
function endingWith(session: Session, atEnd: () => void): Session {
  let ended = false;
  const once = () => {
    if (!ended) atEnd();
    ended = true;
  };
  async function* output() {
    try {
      yield* session.output;
    } finally {
      once();
    }
  }
  return {
    tty: session.tty,
    output: output(),
    write: (data) => session.write(data),
    endInput: () => session.endInput(),
    close() {
      session.close();
      once();
    },
  };
}
