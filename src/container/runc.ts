import { messageOf, NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { runCommand } from "./run-command.ts";
import { runtimeMessage } from "./runtime-errors.ts";
import type { OciResources } from "./spec/oci.ts";

/** The verbs of runc(8) on a container that conmon has created. */
export interface Runc {
  start(id: Id): Promise<void>;
  /** @returns false when the process has ended already. */
  kill(id: Id, signal: number): Promise<boolean>;
  pause(id: Id): Promise<void>;
  /** One that is not frozen is no error: SIGKILL thaws too. */
  resume(id: Id): Promise<void>;
  update(id: Id, resources: OciResources): Promise<void>;
  /** Kills what is left in its cgroup, removes that and the state. Absence is success. */
  delete(id: Id): Promise<void>;
}

export function createRunc(program: string, root: string): Runc {
  async function run(verb: string, args: string[], input?: string): Promise<void> {
    try {
      await runCommand(program, ["--root", root, verb, ...args], input === undefined ? {} : { input });
    } catch (error) {
      throw new NetError("internal", runtimeMessage(messageOf(error)), { cause: error });
    }
  }

  return {
    start: (id) => run("start", [id]),
    async kill(id, signal) {
      try {
        await run("kill", [id, String(signal)]);
        return true;
      } catch (error) {
        if (/container not running|process already finished|does not exist/.test(messageOf(error))) return false;
        throw error;
      }
    },
    pause: (id) => run("pause", [id]),
    async resume(id) {
      try {
        await run("resume", [id]);
      } catch (error) {
        if (!/not paused|does not exist/.test(messageOf(error))) throw error;
      }
    },
    update: (id, resources) => run("update", ["--resources", "-", id], JSON.stringify(resources)),
    async delete(id) {
      try {
        await run("delete", ["--force", id]);
      } catch (error) {
        if (!/does not exist/.test(messageOf(error))) throw error;
      }
    },
  };
}
