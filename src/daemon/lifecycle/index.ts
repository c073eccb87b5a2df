import type { Readable } from "node:stream";
import type { Container, Exec, ExecConfig, Image, Session } from "../../container/types.ts";
import { messageOf } from "../../model/errors.ts";
import type { Id } from "../../model/id.ts";
import type { Filters } from "../filters.ts";
import type { ContainerCreateBody, EndpointSettings, HostConfigBody } from "../parse/schemas.ts";
import type { DaemonDeps } from "../types.ts";
import type { Volume, VolumeSpec, Volumes } from "../volumes.ts";
import { rename, update } from "./change.ts";
import { create } from "./create.ts";
import { bringBack, watchExits } from "./exits.ts";
import { importImage, loadImages, pruneImages, removeImage, tagImage } from "./images.ts";
import { keyedLock } from "./locks.ts";
import { connect, disconnect, pruneNetworks } from "./networks.ts";
import { pruneContainers, remove } from "./remove.ts";
import { restart } from "./restart.ts";
import { shouldRestore } from "./restart-policy.ts";
import { createRestarts } from "./restarts.ts";
import { createRuns } from "./runs.ts";
import { attach, createExec, detached, startExec } from "./sessions.ts";
import { lives, type Stage } from "./stage.ts";
import { start } from "./start.ts";
import { kill, pause, type StopOptions, stop, unpause } from "./stop.ts";
import { tell } from "./tell.ts";
import { createVolume, pruneVolumes, removeVolume } from "./volumes.ts";

/** The verbs that join a process and its networks. `ref` is what a person typed: a name, an id or the beginning of one. */
export interface Lifecycle {
  create(name: string | undefined, body: ContainerCreateBody | undefined): Promise<{ container: Container; warnings: string[] }>;
  /** @returns false when it runs already */
  start(ref: string): Promise<boolean>;
  /** @returns false when it does not run */
  stop(ref: string, options: StopOptions): Promise<boolean>;
  restart(ref: string, options: StopOptions): Promise<void>;
  kill(ref: string, signal: string): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  update(ref: string, body: HostConfigBody | undefined): Promise<void>;
  remove(ref: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  prune(filters: Filters): Promise<{ deleted: Id[]; reclaimed: number }>;
  connect(network: string, ref: string, settings: EndpointSettings | null | undefined): Promise<void>;
  disconnect(network: string, ref: string, options: { force: boolean }): Promise<void>;
  pruneNetworks(filters: Filters): Promise<string[]>;
  attach(ref: string): Promise<{ container: Container; session: Session }>;
  detached(ref: string): void;
  /** Tells that something was done with it that changes no state of ours: a copy, a look at its processes. */
  note(ref: string, action: string, attributes?: Record<string, string>): void;
  createExec(ref: string, config: ExecConfig): Exec;
  startExec(execId: string, options: { detach: boolean; tty: boolean }): Promise<Session | undefined>;
  tagImage(ref: string, repository: string, tag: string): void;
  importImage(tar: Readable, options: { reference?: string; message: string; changes: string[] }): Promise<string>;
  loadImages(tar: Readable): AsyncIterable<string>;
  removeImage(ref: string, options: { force: boolean }): Promise<{ untagged?: string; deleted?: string }[]>;
  pruneImages(
    all: boolean,
    mayGo: (image: Image) => boolean,
  ): Promise<{ deleted: { untagged?: string; deleted?: string }[]; reclaimed: number }>;
  createVolume(spec: VolumeSpec): Promise<Volume>;
  removeVolume(name: string): Promise<void>;
  pruneVolumes(filters: Filters): Promise<{ deleted: string[]; reclaimed: number }>;
  /** After a start of the daemon: brings back what restart policies ask for. */
  restore(): void;
  close(): void;
}

/** Begins to deal with the ends of processes at once. */
export function createLifecycle(deps: DaemonDeps, volumes: Volumes): Lifecycle {
  const stage: Stage = { ...deps, volumes, lock: keyedLock(), runs: createRuns(), restarts: createRestarts(), sessions: new Map() };
  for (const container of deps.containers.all()) if (lives(container)) stage.runs.began(container.id);
  watchExits(stage).catch((error: unknown) => deps.log.error("the ends of containers are not seen any more", { error: messageOf(error) }));
  return {
    create: (name, body) => create(stage, name, body),
    start: (ref) => start(stage, ref),
    stop: (ref, options) => stop(stage, ref, options),
    restart: (ref, options) => restart(stage, ref, options),
    kill: (ref, signal) => kill(stage, ref, signal),
    pause: (ref) => pause(stage, ref),
    unpause: (ref) => unpause(stage, ref),
    rename: (ref, name) => rename(stage, ref, name),
    update: (ref, body) => update(stage, ref, body),
    remove: (ref, options) => remove(stage, ref, options),
    prune: (filters) => pruneContainers(stage, filters),
    connect: (network, ref, settings) => connect(stage, network, ref, settings),
    disconnect: (network, ref, options) => disconnect(stage, network, ref, options),
    pruneNetworks: (filters) => pruneNetworks(stage, filters),
    attach: (ref) => attach(stage, ref),
    detached: (ref) => detached(stage, ref),
    note: (ref, action, attributes) => tell(stage, action, stage.containers.find(ref), attributes),
    createExec: (ref, config) => createExec(stage, ref, config),
    startExec: (execId, options) => startExec(stage, execId, options),
    tagImage: (ref, repository, tag) => tagImage(stage, ref, repository, tag),
    importImage: (tar, options) => importImage(stage, tar, options),
    loadImages: (tar) => loadImages(stage, tar),
    removeImage: (ref, options) => removeImage(stage, ref, options),
    pruneImages: (all, mayGo) => pruneImages(stage, all, mayGo),
    createVolume: (spec) => createVolume(stage, spec),
    removeVolume: (name) => removeVolume(stage, name),
    pruneVolumes: (filters) => pruneVolumes(stage, filters),
    restore() {
      for (const container of deps.containers.all()) {
        if (!lives(container) && !stage.restarts.pending(container.id) && shouldRestore(container)) bringBack(stage, container);
      }
    },
    close: () => stage.restarts.close(),
  };
}
