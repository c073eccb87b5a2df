import type { Static } from "typebox";
import type { ExecConfig } from "../../container/types.ts";
import { NetError } from "../../model/errors.ts";
import type { BODIES } from "./schemas.ts";

type ExecCreateBody = Static<ReturnType<(typeof BODIES.execCreate)["Type"]>>;

/** The body of `exec create`. @throws invalid without a command */
export function parseExecConfig(body: ExecCreateBody | undefined): ExecConfig {
  const cmd = typeof body?.Cmd === "string" ? [body.Cmd] : (body?.Cmd ?? []);
  if (body === undefined || cmd.length === 0) throw new NetError("invalid", "No exec command specified");
  const size = consoleSize(body.ConsoleSize);
  return {
    user: body.User ?? "",
    privileged: body.Privileged ?? false,
    tty: body.Tty ?? false,
    attachStdin: body.AttachStdin ?? false,
    attachStdout: body.AttachStdout ?? false,
    attachStderr: body.AttachStderr ?? false,
    detachKeys: body.DetachKeys ?? "",
    env: body.Env ?? [],
    workingDir: body.WorkingDir ?? "",
    cmd,
    ...(size && { consoleSize: size }),
  };
}

/** Height and width; `[0, 0]` is what clients without a terminal send. */
export function consoleSize(size: readonly number[] | null | undefined): [number, number] | undefined {
  const [height = 0, width = 0] = size ?? [];
  return height > 0 && width > 0 ? [height, width] : undefined;
}
