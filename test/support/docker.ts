import { existsSync } from "node:fs";
import { type Result, ROOT, type RunOptions, run, SYSTEM_PATH } from "./process.ts";

/** The real docker client: the machine's, or the one that scripts/setup took out of its package. */
export const DOCKER = [...SYSTEM_PATH.split(":").map((folder) => `${folder}/docker`), `${ROOT}/build/tools/docker`].find(existsSync);

/** Runs `docker ...` against a daemon; throws when there is no client (see `DOCKER`). */
export function docker(daemon: { host: string; dir: string }, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return run(dockerArgv(args), { ...options, env: { ...dockerEnv(daemon), ...options.env } });
}

/** As `docker`; throws unless the status is 0, returns stdout. */
export async function mustDocker(
  daemon: { host: string; dir: string },
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await docker(daemon, args, options);
  if (status !== 0) throw new Error(`docker ${args.join(" ")}: exit status ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** For `pty(dockerArgv([...]), dockerEnv(daemon))`. */
export function dockerArgv(args: readonly string[]): string[] {
  if (DOCKER === undefined) throw new Error("there is no docker client on this machine; scripts/setup says why");
  return [DOCKER, ...args];
}

/** Which daemon, and none of the user's own settings. */
export function dockerEnv(daemon: { host: string; dir: string }): Record<string, string> {
  return { DOCKER_HOST: daemon.host, DOCKER_CONFIG: `${daemon.dir}/docker-config`, DOCKER_CLI_HINTS: "false" };
}
