import { rm } from "node:fs/promises";
import { NetError } from "../model/errors.ts";
import { newId } from "../model/id.ts";
import { checkHostConfig, hostWarnings } from "./check-host.ts";
import { commandLine, completeConfig, completeHostConfig } from "./config.ts";
import { checkName, findContainer } from "./names.ts";
import type { Room } from "./room.ts";
import { makeRootfsFolders } from "./rootfs.ts";
import { NEVER, now, type Row } from "./rows.ts";
import { type PlannedMount, planMounts } from "./spec/mount-wishes.ts";
import type { Container, Containers, HostConfig } from "./types.ts";
import { makeSources } from "./volumes.ts";

type Request = Parameters<Containers["create"]>[0];

/** Everything is checked before anything is made. */
export async function createContainer(room: Room, request: Request): Promise<{ container: Container; warnings: string[] }> {
  checkName(request.name, room.rows.all());
  const image = room.images.find(request.config.Image);
  const id = newId();
  const config = completeConfig(request.config, image.config, id);
  const hostConfig = completeHostConfig(request.hostConfig, room.facts.cgroupVersion);
  checkHostConfig(hostConfig, request.config, room.facts);
  const mounts = planMounts(hostConfig, Object.keys(config.Volumes ?? {}), room.paths.volume);
  mounts.push(...mountsOfOthers(room, hostConfig, mounts));
  const row: Row = {
    id,
    name: request.name,
    createdAt: now(),
    imageId: image.id,
    imageRef: request.config.Image,
    ...commandLine(config),
    config,
    hostConfig,
    state: { status: "created", pid: 0, exitCode: 0, error: "", oomKilled: false, startedAt: NEVER, finishedAt: NEVER },
    restartCount: 0,
    stoppedByHand: false,
    mounts,
  };
  // Before any wait: the name is taken from here on.
  room.rows.put(row);
  try {
    await makeRootfsFolders(room.paths, id);
    await makeSources(mounts);
  } catch (error) {
    room.rows.delete(id);
    await rm(room.paths.dir(id), { recursive: true, force: true });
    throw error;
  }
  return { container: row, warnings: hostWarnings(hostConfig, config, room.facts) };
}

/** `--volumes-from other[:ro]`: its binds and volumes, where there is none of our own. @throws notFound, invalid */
function mountsOfOthers(room: Room, host: HostConfig, own: PlannedMount[]): PlannedMount[] {
  const from = Array.isArray(host.VolumesFrom) ? host.VolumesFrom.map(String) : [];
  const taken = new Set(own.map(({ destination }) => destination));
  return from.flatMap((text) => {
    const [ref = "", mode = "rw"] = text.split(":");
    if (!["rw", "ro", "z", "Z"].includes(mode)) throw new NetError("invalid", `invalid mode for volumes-from: ${mode}`);
    const other = room.rows.must(findContainer(room.rows.all(), ref).id);
    const mounts = other.mounts.filter(({ type, destination }) => type !== "tmpfs" && !taken.has(destination));
    for (const { destination } of mounts) taken.add(destination);
    return mounts.map((mount) => ({ ...mount, rw: mount.rw && mode !== "ro" }));
  });
}
