import { mkdir } from "node:fs/promises";
import { messageOf, NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Log } from "../model/log.ts";
import type { Store } from "../model/store.ts";
import { cgroupPath } from "./bundle.ts";
import { createCgroups } from "./cgroup.ts";
import { ensureHierarchies } from "./cgroup-mounts.ts";
import { changesOf } from "./changes.ts";
import { createContainer } from "./create.ts";
import { recordEnd } from "./end.ts";
import { createEnds } from "./ends.ts";
import { createExecs } from "./exec.ts";
import { openExitFiles } from "./exit-files.ts";
import { gatherFacts } from "./facts.ts";
import { createLocks } from "./locks.ts";
import { readLogs } from "./logs/logs.ts";
import { checkName, findContainer } from "./names.ts";
import { nativeMounter } from "./native-mount.ts";
import { openRootfs } from "./open-rootfs.ts";
import { pathsBelow } from "./paths.ts";
import { pauseContainer, unpauseContainer } from "./pause.ts";
import { removeContainer } from "./remove.ts";
import { resizeTerminal } from "./resize.ts";
import { restoreContainers } from "./restore.ts";
import type { Room } from "./room.ts";
import { createRootfs } from "./rootfs.ts";
import { isLive, openRows } from "./rows.ts";
import { createRunc } from "./runc.ts";
import { killContainer, stopContainer } from "./signal.ts";
import { bytesBelow } from "./size.ts";
import { startContainer } from "./start.ts";
import { createStreams } from "./streams.ts";
import { listProcesses } from "./top.ts";
import type { ContainerPlaces, Containers, Images } from "./types.ts";
import { updateContainer } from "./update.ts";

export { startExitCode } from "./runtime-errors.ts";

export interface ContainersOptions {
  /** Kept over reboots: container folders, volumes. */
  dataRoot: string;
  /** On a tmpfs: bundles, runtime state. */
  execRoot: string;
  store: Store;
  images: Images;
  log?: Log;
  /** Paths of the programs. */
  runc?: string;
  conmon?: string;
}

/** Containers under runc and conmon. They outlive the room: open another one on the same roots and call `restore`. */
export async function openContainers(options: ContainersOptions): Promise<Containers> {
  const room = await openRoom(options);
  const execs = createExecs(room);
  const { rows, locks, ends, streams, paths } = room;

  return {
    create: (request) => createContainer(room, request),
    get: (id) => rows.get(id),
    all: () => rows.all(),
    find: (ref) => findContainer(rows.all(), ref),
    filesDir: (id) => paths.files(id),
    rename(id, name) {
      checkRename(room, id, name);
      rows.patch(id, { name });
    },
    update: (id, hostConfig) => updateContainer(room, id, hostConfig),
    start: (id, placement) => locks.run(id, () => startContainer(room, id, placement)),
    startFailed(id, message, exitCode) {
      rows.setState(id, { status: "created", error: message, exitCode });
      streams.close(id);
    },
    restarting(id) {
      const row = rows.must(id);
      rows.patch(id, { state: { ...row.state, status: "restarting" }, restartCount: row.restartCount + 1 });
    },
    kill: (id, signal) => killContainer(room, id, signal),
    stop: (id, stopOptions) => stopContainer(room, id, stopOptions),
    pause: (id) => pauseContainer(room, id),
    unpause: (id) => unpauseContainer(room, id),
    wait: (id, condition, signal) => waitFor(room, id, condition, signal),
    async remove(id, removeOptions) {
      await removeContainer(room, id, removeOptions);
      execs.forgetAll(id);
    },
    async attach(id) {
      const row = rows.must(id);
      if (row.state.status === "paused") throw new NetError("conflict", `container ${id} is paused, unpause the container before attach`);
      return streams.join(row, isLive(row) ? paths.bundle(id) : undefined);
    },
    async resize(id, height, width) {
      rows.mustRun(id);
      await resizeTerminal(paths.bundle(id), height, width, `container ${id}`);
    },
    createExec: execs.createExec,
    exec: execs.exec,
    execIds: execs.execIds,
    execEnd: execs.execEnd,
    startExec: execs.startExec,
    resizeExec: execs.resizeExec,
    logs(id, logOptions) {
      if (rows.must(id).hostConfig.LogConfig.Type === "none")
        throw new NetError("unsupported", "configured logging driver does not support reading");
      const writer = {
        running: () => isRunning(room, id),
        ended: (signal: AbortSignal) => ends.next(id, "end", signal).then(() => undefined),
      };
      return readLogs(paths.log(id), logOptions, writer);
    },
    async top(id, psArgs) {
      const row = rows.mustRun(id);
      return listProcesses(psArgs, await room.cgroups.processes(cgroupPath(row)));
    },
    mounts(id) {
      const { mounts, hostConfig } = rows.must(id);
      // Shown in HostConfig already, as they were written.
      return mounts.filter(({ type, destination }) => type !== "tmpfs" || hostConfig.Tmpfs?.[destination] === undefined);
    },
    places: (id) => placesOf(room, id),
    openRootfs: (id, openOptions) => openRootfs(room, id, openOptions),
    async changes(id) {
      const { mounts } = rows.must(id);
      const { upper, lower } = placesOf(room, id);
      return changesOf(
        upper,
        lower,
        mounts.map(({ destination }) => destination),
      );
    },
    async size(id) {
      const row = rows.must(id);
      const rw = await bytesBelow(paths.upper(id));
      return { rw, rootFs: rw + room.images.find(row.imageId).size };
    },
    exits: () => ends.listen(),
    restore: () => restoreContainers(room),
    async close() {
      room.exits.close();
      execs.closeAll();
      streams.closeAll();
      const pipes = [...room.pipes];
      room.pipes.clear();
      for (const pipe of pipes) pipe.close();
      await locks.idle();
      ends.close();
      await room.cgroups.removeParent();
    },
  };
}

async function openRoom(options: ContainersOptions): Promise<Room> {
  const { dataRoot, execRoot, images, log = SILENT, runc = "/usr/sbin/runc", conmon = "/usr/bin/conmon" } = options;
  const paths = pathsBelow(dataRoot, execRoot);
  const cgroups = createCgroups(await ensureHierarchies(nativeMounter));
  for (const folder of [paths.bundles, paths.runtimeRoot]) await mkdir(folder, { recursive: true, mode: 0o700 });
  await mkdir(paths.volumes, { recursive: true, mode: 0o711 });
  const exits = await openExitFiles(
    paths.exits,
    (id) => recordEnd(room, id),
    (error) => log.error("ends of containers are not noticed any more", { error: messageOf(error) }),
  );
  const room: Room = {
    paths,
    rows: openRows(options.store),
    images,
    rootfs: createRootfs(paths, nativeMounter, images),
    runc: createRunc(runc, paths.runtimeRoot),
    conmon: { program: conmon, runtime: runc, runtimeRoot: paths.runtimeRoot, temporary: paths.temporary },
    cgroups,
    exits,
    ends: createEnds(),
    locks: createLocks(),
    streams: createStreams(),
    facts: gatherFacts(cgroups.version),
    pipes: new Set(),
    log,
  };
  return room;
}

const nothing = () => undefined;
const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function placesOf({ rows, paths, images }: Room, id: Id): ContainerPlaces {
  const { imageId, hostConfig } = rows.must(id);
  const log = hostConfig.LogConfig.Type === "none" ? undefined : paths.log(id);
  return { log, lower: images.layerDirs(imageId).toReversed(), upper: paths.upper(id), work: paths.work(id), merged: paths.rootfs(id) };
}

function isRunning({ rows }: Room, id: Id): boolean {
  const row = rows.get(id);
  return row !== undefined && isLive(row);
}

function checkRename({ rows }: Room, id: Id, name: string): void {
  const row = rows.must(id);
  if (row.name === name) throw new NetError("invalid", "Renaming a container with the same name as its current name");
  checkName(name, rows.all(), id);
}

async function waitFor(
  room: Room,
  id: Id,
  condition: "not-running" | "next-exit" | "removed",
  signal: AbortSignal,
): Promise<{ exitCode: number; error?: string }> {
  const row = room.rows.must(id);
  if (condition === "not-running" && !isLive(row)) return { exitCode: row.state.exitCode };
  const exitCode = await room.ends.next(id, condition === "removed" ? "removal" : "end", signal);
  const error = room.rows.get(id)?.state.error;
  return error ? { exitCode, error } : { exitCode };
}
