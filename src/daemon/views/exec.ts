import type { Exec } from "../../container/types.ts";

/** GET /exec/{id}/json. */
export function execInspect({ id, containerId, config, running, exitCode, pid }: Exec): object {
  const [entrypoint = "", ...args] = config.cmd;
  return {
    ID: id,
    Running: running,
    ExitCode: exitCode,
    ProcessConfig: {
      tty: config.tty,
      entrypoint,
      arguments: args,
      privileged: config.privileged,
      ...(config.user !== "" && { user: config.user }),
    },
    OpenStdin: config.attachStdin,
    OpenStderr: config.attachStderr,
    OpenStdout: config.attachStdout,
    CanRemove: false,
    ContainerID: containerId,
    // Bytes, which Go writes as base64.
    DetachKeys: Buffer.from(config.detachKeys).toString("base64"),
    Pid: pid,
  };
}
