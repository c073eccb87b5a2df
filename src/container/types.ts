import type { Readable } from "node:stream";
import type { Id } from "../model/id.ts";

/** What runs; the member names are those of the Docker API (`Config`), null as it sends it. */
export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Env: string[] | null;
  Cmd: string[] | null;
  Image: string;
  Volumes: Record<string, object> | null;
  WorkingDir: string;
  Entrypoint: string[] | null;
  Labels: Record<string, string>;
  ExposedPorts?: Record<string, object>;
  StopSignal?: string;
  StopTimeout?: number;
}

/** How it runs on this host (`HostConfig`): the members that netloom honours. Network members are stored and shown, the container room ignores them. */
export interface HostConfig {
  Binds: string[] | null;
  NetworkMode: string;
  PortBindings: Record<string, { HostIp: string; HostPort: string }[]>;
  PublishAllPorts: boolean;
  RestartPolicy: { Name: string; MaximumRetryCount: number };
  AutoRemove: boolean;
  CapAdd: string[] | null;
  CapDrop: string[] | null;
  Dns: string[];
  DnsOptions: string[];
  DnsSearch: string[];
  ExtraHosts: string[] | null;
  Links: string[] | null;
  Privileged: boolean;
  ReadonlyRootfs: boolean;
  ShmSize: number;
  Sysctls?: Record<string, string>;
  Tmpfs?: Record<string, string>;
  Mounts?: { Type: string; Source?: string; Target: string; ReadOnly?: boolean }[];
  Memory: number;
  MemorySwap: number;
  NanoCpus: number;
  CpuShares: number;
  CpuPeriod: number;
  CpuQuota: number;
  PidsLimit: number | null;
  Ulimits: { Name: string; Soft: number; Hard: number }[];
  OomScoreAdj: number;
  PidMode: string;
  IpcMode: string;
  UTSMode: string;
  Init?: boolean;
  LogConfig: { Type: string; Config: Record<string, string> };
  [other: string]: unknown;
}

export interface ContainerState {
  status: "created" | "running" | "paused" | "restarting" | "exited" | "dead" | "removing";
  pid: number;
  exitCode: number;
  /** Why the last start failed; empty otherwise. */
  error: string;
  oomKilled: boolean;
  /** RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` for never. */
  startedAt: string;
  finishedAt: string;
}

/** Kept in the data-root store, table `containers`. */
export interface Container {
  id: Id;
  /** Without the leading slash. */
  name: string;
  createdAt: string;
  imageId: string;
  /** As it was typed. */
  imageRef: string;
  /** Entrypoint and Cmd joined: what is executed. */
  path: string;
  args: string[];
  config: ContainerConfig;
  hostConfig: HostConfig;
  state: ContainerState;
  restartCount: number;
  /** Set by stop and kill of a person, so that a restart policy does not bring it back. */
  stoppedByHand: boolean;
}

export interface Mount {
  type: "bind" | "volume" | "tmpfs";
  name?: string;
  source: string;
  destination: string;
  rw: boolean;
  mode: string;
  /** Of a bind: [mount_namespaces(7)]. */
  propagation?: string;
}

/**
 * A running container's (or exec's) streams. `output` ends when the process's end is closed; closing it does not harm the process.
 * `output` must be read (or the session closed): the process waits for its readers, and one that lets others wait is cut off.
 */
export interface Session {
  tty: boolean;
  /** 1 is stdout, 2 stderr; under a tty all is 1. */
  output: AsyncIterable<{ stream: 1 | 2; data: Buffer }>;
  write(data: Buffer): Promise<void>;
  /** Tells the process end of input. */
  endInput(): void;
  close(): void;
}

export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  follow: boolean;
  /** Lines from the end; undefined for all. */
  tail?: number;
  /** Nanoseconds since 1970. */
  since?: bigint;
  until?: bigint;
  /** Ends the reading, a follow above all: the client has gone. */
  signal?: AbortSignal;
}

export interface LogLine {
  stream: 1 | 2;
  /** RFC 3339 with nanoseconds. */
  time: string;
  /** With its line end, where there was one. */
  data: Buffer;
}

export interface ExecConfig {
  user: string;
  privileged: boolean;
  tty: boolean;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  detachKeys: string;
  env: string[];
  workingDir: string;
  cmd: string[];
  consoleSize?: [number, number];
}

export interface Exec {
  id: Id;
  containerId: Id;
  config: ExecConfig;
  running: boolean;
  /** null until it has ended. */
  exitCode: number | null;
  pid: number;
}

/** The overlay mount of a container and its log. */
export interface ContainerPlaces {
  /** Undefined when nothing is logged. */
  log: string | undefined;
  /** The image's layers, uppermost first. */
  lower: string[];
  upper: string;
  work: string;
  /** Mounted while it runs. */
  merged: string;
}

export interface OpenRootfs {
  path: string;
  close(): Promise<void>;
}

export interface Change {
  /** From the container's root: `/etc/passwd`. */
  path: string;
  kind: "changed" | "added" | "deleted";
}

/** Where the container's process is put; all of it was prepared by others. */
export interface Placement {
  /** Path of the network namespace. */
  netns: string;
  /** Paths of the three files that are bind-mounted to /etc. */
  hosts: string;
  resolvConf: string;
  hostname: string;
}

/** A process in a sandbox. Knows no networks: the namespace it is put into is handed in. All refs here are full ids. */
export interface Containers {
  /** Checks, then stores as `created`. @throws invalid, conflict (name), notFound (image, bind source). */
  create(request: {
    name: string;
    config: Partial<ContainerConfig> & { Image: string };
    hostConfig: Partial<HostConfig>;
  }): Promise<{ container: Container; warnings: string[] }>;
  get(id: Id): Container | undefined;
  all(): readonly Container[];
  /** By name, id or unique id prefix. @throws notFound `No such container: X`, invalid when ambiguous. */
  find(ref: string): Container;
  /** Below the exec-root: hosts, resolv.conf and hostname are written there by whoever prepares the sandbox, at every start. */
  filesDir(id: Id): string;
  rename(id: Id, name: string): void;
  update(id: Id, hostConfig: Partial<HostConfig>): Promise<void>;
  /** Rootfs mounted, bundle written, conmon and runc started, the process runs when this returns. @throws invalid for a missing command. */
  start(id: Id, placement: Placement): Promise<void>;
  /** Keeps why a start failed: state `created`, exit code, error. Who waits for the next exit goes on waiting: nothing ran. */
  startFailed(id: Id, message: string, exitCode: number): void;
  /** Told by whoever brings it back by its restart policy: shown as `restarting` until the next start, and counted. */
  restarting(id: Id): void;
  kill(id: Id, signal: string): Promise<void>;
  /**
   * Stop signal, then SIGKILL after the timeout. Resolves when the process is gone and its exit was recorded. One that a restart policy is
   * about to bring back stays down.
   * @returns false when it did not end in time and `escalate` is false: it still runs.
   */
  stop(id: Id, options: { signal?: string; timeoutS?: number; escalate?: boolean }): Promise<boolean>;
  pause(id: Id): Promise<void>;
  unpause(id: Id): Promise<void>;
  /** `not-running`: at once when it does not run; `next-exit`: the next end; `removed`: when it is removed. */
  wait(id: Id, condition: "not-running" | "next-exit" | "removed", signal: AbortSignal): Promise<{ exitCode: number; error?: string }>;
  /** Files, mounts, runtime state. Must not run. */
  remove(id: Id, options: { volumes: boolean }): Promise<void>;
  attach(id: Id): Promise<Session>;
  resize(id: Id, height: number, width: number): Promise<void>;
  createExec(id: Id, config: ExecConfig): Exec;
  exec(execId: Id): Exec;
  /** Those that run, were not started yet, or ended some minutes ago at most. */
  execIds(id: Id): Id[];
  /** Its exit code, when it has ended. */
  execEnd(execId: Id): Promise<number>;
  /** A session for attached ones; resolves when the process runs. A missing command is told in the session, as runc words it, exit code 127. */
  startExec(execId: Id, options: { detach: boolean; tty: boolean }): Promise<Session | undefined>;
  resizeExec(execId: Id, height: number, width: number): Promise<void>;
  logs(id: Id, options: LogOptions): AsyncIterable<LogLine>;
  top(id: Id, psArgs: string): Promise<{ titles: string[]; processes: string[][] }>;
  mounts(id: Id): Mount[];
  /** Where on this host its things lie. */
  places(id: Id): ContainerPlaces;
  /**
   * Its root, to read and to write in it from outside, whether it runs or not: with what is mounted in it, or what its own layers have alone.
   * One that does not run cannot be started or removed before this is closed.
   */
  openRootfs(id: Id, options: { mounts: boolean }): Promise<OpenRootfs>;
  /** What is different from the image, parents first: `docker diff`. */
  changes(id: Id): Promise<Change[]>;
  /** Bytes of the writable layer and of the whole root filesystem. */
  size(id: Id): Promise<{ rw: number; rootFs: number }>;
  /** Every end of a process, for as long as the room is open: state is recorded before it is told. */
  exits(): AsyncIterable<{ id: Id; exitCode: number; oomKilled: boolean }>;
  /** After a start: finds who still runs, records the ends that were missed (they come out of exits() too). */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export interface ImageSummary {
  id: string;
  repoTags: string[];
  /** Seconds since 1970. */
  created: number;
  /** Bytes, all layers unpacked. */
  size: number;
  labels: Record<string, string> | null;
}

export interface Image extends ImageSummary {
  createdAt: string;
  comment: string;
  author: string;
  architecture: string;
  os: string;
  /** Digests of the unpacked layers' tars, lowest first. */
  layers: string[];
  config: Partial<ContainerConfig>;
  history: { createdAt: string; createdBy: string; comment: string; size: number; empty: boolean }[];
  lastTagTime: string;
}

/** Images: layers unpacked on disk, ready to be the lower folders of an overlay mount. */
export interface Images {
  /** `docker import`: a tar becomes an image of one layer. @returns its id. @throws invalid for what is not a tar; nothing is kept. */
  import(tar: Readable, options: { reference?: string; message: string; changes: string[] }): Promise<string>;
  /** `docker load`: docker-archive or OCI layout, gzip or not. Yields `Loaded image: X` texts. */
  load(tar: Readable): AsyncIterable<string>;
  /** `docker save`. */
  save(refs: string[]): Promise<Readable>;
  list(): readonly Image[];
  /** By reference (default tag latest), id or id prefix. @throws notFound `No such image: X:latest`. */
  find(ref: string): Image;
  /** @throws invalid for a bad reference. */
  tag(ref: string, repository: string, tag: string): void;
  /** `inUse` says which container uses an image id. @returns what was untagged and deleted, in order. @throws conflict */
  remove(
    ref: string,
    options: { force: boolean; inUse: (imageId: string) => { id: Id; running: boolean } | undefined },
  ): Promise<{ untagged?: string; deleted?: string }[]>;
  prune(options: {
    all: boolean;
    inUse: (imageId: string) => boolean;
  }): Promise<{ deleted: { untagged?: string; deleted?: string }[]; reclaimed: number }>;
  /** The unpacked layers' folders, lowest first. */
  layerDirs(imageId: string): string[];
}
