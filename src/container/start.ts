import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { ociSpec } from "./bundle.ts";
import { cleanUp } from "./clean-up.ts";
import { type Conmon, startConmon } from "./conmon.ts";
import { userIn } from "./container-user.ts";
import { recordEnd } from "./end.ts";
import { findContainer } from "./names.ts";
import type { Room } from "./room.ts";
import { isLive, now, type Row } from "./rows.ts";
import { createFailure, runtimeMessage } from "./runtime-errors.ts";
import { type DeviceWish, deviceNodes } from "./spec/devices.ts";
import { streamOptions } from "./streams.ts";
import type { Placement } from "./types.ts";
import { fillVolumes, makeSources } from "./volumes.ts";

/** All or nothing: after a throw there is no mount, no process and no cgroup. */
export async function startContainer(room: Room, id: Id, placement: Placement): Promise<void> {
  const row = room.rows.must(id);
  mustBeStartable(row);
  try {
    await cleanUp(room, id);
    const rootfs = await prepareRootfs(room, row);
    await writeBundle(room, row, placement, rootfs);
    await run(room, row);
  } catch (error) {
    room.streams.close(id);
    await cleanUp(room, id).catch((second) => room.log.error("a failed start left something behind", { id, error: messageOf(second) }));
    throw error;
  }
}

function mustBeStartable(row: Row): void {
  if (row.state.status === "paused") throw new NetError("conflict", "cannot start a paused container, try unpause instead");
  if (isLive(row)) throw new NetError("conflict", `container ${row.id} is already running`);
  if (row.state.status === "removing" || row.state.status === "dead") {
    throw new NetError("conflict", "container is marked for removal and cannot be started");
  }
}

async function prepareRootfs(room: Room, row: Row): Promise<string> {
  await makeSources(row.mounts);
  const rootfs = await room.rootfs.mount(row.id, row.imageId);
  await fillVolumes(row.mounts, rootfs);
  return rootfs;
}

async function writeBundle(room: Room, row: Row, placement: Placement, rootfs: string): Promise<void> {
  const { hostConfig } = row;
  const spec = ociSpec({
    container: row,
    placement,
    planned: row.mounts,
    rootfs,
    user: userIn(rootfs, row),
    devices: deviceNodes(Array.isArray(hostConfig.Devices) ? (hostConfig.Devices as DeviceWish[]) : [], hostConfig.Privileged),
    joined: { ...joinedNamespace(room, hostConfig.PidMode, "pid"), ...joinedNamespace(room, hostConfig.IpcMode, "ipc") },
    facts: room.facts,
  });
  const bundle = room.paths.bundle(row.id);
  await mkdir(bundle, { recursive: true, mode: 0o700 });
  await writeFile(join(bundle, "config.json"), JSON.stringify(spec), { mode: 0o600 });
}

function joinedNamespace(room: Room, mode: string, kind: "pid" | "ipc"): { pid?: string; ipc?: string } {
  if (!mode.startsWith("container:")) return {};
  const other = findContainer(room.rows.all(), mode.slice("container:".length));
  if (!isLive(other))
    throw new NetError(
      "conflict",
      `cannot join ${kind.toUpperCase()} namespace of a non running container: container ${other.name} is ${other.state.status}`,
    );
  return { [kind]: `/proc/${other.state.pid}/ns/${kind}` };
}

async function run(room: Room, row: Row): Promise<void> {
  const { id, config, hostConfig } = row;
  const bundle = room.paths.bundle(id);
  const { stdin, tty } = streamOptions(config);
  await room.exits.forget(id);
  const conmon = startConmon(room.conmon, {
    id,
    bundle,
    exitDir: room.paths.exits,
    log: hostConfig.LogConfig.Type === "none" ? "none" : `k8s-file:${room.paths.log(id)}`,
    ...logLimit(hostConfig.LogConfig.Config["max-size"]),
    tty,
    stdin: stdin !== "none",
    leaveStdinOpen: stdin === "open",
  });
  try {
    const { data: pid, message = "" } = await conmon.started();
    if (pid <= 0) throw createFailure(runtimeMessage(message) || "the runtime gave no reason");
    room.streams.begin(row, bundle);
    const startedAt = now();
    await room.runc.start(id).catch((error) => {
      throw createFailure(messageOf(error), error);
    });
    const state = { ...row.state, status: "running" as const, pid, exitCode: 0, error: "", oomKilled: false, startedAt };
    room.rows.patch(id, { state, stoppedByHand: false, restartCount: row.state.status === "restarting" ? row.restartCount : 0 });
    watchConmon(room, id, pid, conmon);
  } catch (error) {
    await abandon(room, id, conmon);
    throw error;
  }
}

/** The end comes out of the exit folder; this is for a conmon that is killed and cannot tell it. */
function watchConmon(room: Room, id: Id, pid: number, { sync }: Conmon): void {
  room.pipes.add(sync);
  sync.ended.then(() => {
    if (room.pipes.delete(sync)) recordEnd(room, id, { lostPid: pid });
  });
}

/** When conmon is gone too it cannot write an exit file that would be taken for the next run's. */
async function abandon(room: Room, id: Id, { sync }: Conmon): Promise<void> {
  await room.runc.delete(id);
  await sync.ended;
  sync.close();
  await room.exits.forget(id);
}

const UNITS: Record<string, number> = { "": 1, b: 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };

/** `10m` */
function logLimit(text: string | undefined): { logMaxBytes?: number } {
  if (text === undefined || text === "-1") return {};
  const [, digits, unit = ""] = /^(\d+)\s*([bkmg]?)b?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  if (!(bytes > 0)) throw new NetError("invalid", `invalid log option max-size: ${text}`);
  return { logMaxBytes: bytes };
}
