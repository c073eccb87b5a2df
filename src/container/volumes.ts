import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { NetError, wrap } from "../model/errors.ts";
import type { Paths } from "./paths.ts";
import { resolveInRoot } from "./root-path.ts";
import { runCommand } from "./run-command.ts";
import type { PlannedMount } from "./spec/mount-wishes.ts";

/** Volumes exist from create on, so that they can be listed; a bind's missing source is made as a folder. */
export async function makeSources(planned: PlannedMount[]): Promise<void> {
  for (const mount of planned) {
    if (mount.type === "volume") await mkdir(mount.source, { recursive: true, mode: 0o755 });
    else if (mount.type === "bind" && !(await exists(mount.source))) await mkdir(mount.source, { recursive: true, mode: 0o755 });
  }
}

/** An empty volume gets what the image has at its place, owners and modes as they are. The rootfs must be mounted. */
export async function fillVolumes(planned: PlannedMount[], rootfs: string): Promise<void> {
  for (const mount of planned) {
    if (mount.type !== "volume" || !mount.copyUp) continue;
    await mkdir(mount.source, { recursive: true, mode: 0o755 });
    const origin = resolveInRoot(rootfs, mount.destination);
    if (origin === undefined || !(await stat(origin)).isDirectory() || (await readdir(mount.source)).length > 0) continue;
    try {
      await runCommand("cp", ["--archive", "--no-target-directory", "--", origin, mount.source]);
    } catch (error) {
      throw wrap(`cannot fill volume ${mount.name} from ${mount.destination}`, error);
    }
  }
}

/** Absence is success. */
export async function removeVolume(paths: Paths, name: string): Promise<void> {
  const folder = dirname(paths.volume(name));
  if (dirname(folder) !== paths.volumes) throw new NetError("internal", `not a volume: ${name}`);
  await rm(folder, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw new NetError("invalid", `cannot use ${path} as a bind source: ${error.message}`, { cause: error });
    },
  );
}
