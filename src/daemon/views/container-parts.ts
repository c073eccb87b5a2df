import type { Container, ContainerConfig, HostConfig, Mount } from "../../container/types.ts";
import { sorted } from "../json.ts";

/** Every member of `HostConfig` in dockerd's order, with what it says where nothing was asked; what is undefined is left out then. */
const HOST_CONFIG = {
  Binds: null,
  ContainerIDFile: "",
  LogConfig: { Type: "json-file", Config: {} },
  NetworkMode: "bridge",
  PortBindings: {},
  RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
  AutoRemove: false,
  VolumeDriver: "",
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  Annotations: undefined,
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: "host",
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: "private",
  Cgroup: "",
  Links: null,
  OomScoreAdj: 0,
  PidMode: "",
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  StorageOpt: undefined,
  Tmpfs: undefined,
  UTSMode: "",
  UsernsMode: "",
  ShmSize: 67108864,
  Sysctls: undefined,
  Runtime: "runc",
  Isolation: "",
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: "",
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: "",
  CpusetMems: "",
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: false,
  PidsLimit: null,
  Ulimits: [],
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  Mounts: undefined,
  MaskedPaths: [],
  ReadonlyPaths: [],
  Init: undefined,
};

export function hostConfigView(hostConfig: HostConfig): object {
  // The client's way of saying that it wants nothing of it.
  const swappiness = hostConfig.MemorySwappiness === -1 ? null : hostConfig.MemorySwappiness;
  return { ...HOST_CONFIG, ...hostConfig, ...(swappiness !== undefined && { MemorySwappiness: swappiness }) };
}

/** `Config` in dockerd's order; members that nobody gave are left out where dockerd leaves them out. */
export function configView(config: ContainerConfig, mac: string | undefined): object {
  const {
    Hostname,
    Domainname,
    User,
    AttachStdin,
    AttachStdout,
    AttachStderr,
    ExposedPorts,
    Tty,
    OpenStdin,
    StdinOnce,
    Env,
    Cmd,
    ...rest
  } = config;
  const { Image, Volumes, WorkingDir, Entrypoint, Labels, StopSignal, StopTimeout, ...others } = rest;
  return {
    ...{ Hostname, Domainname, User, AttachStdin, AttachStdout, AttachStderr },
    ...(ExposedPorts && Object.keys(ExposedPorts).length > 0 && { ExposedPorts: sorted(ExposedPorts) }),
    ...{ Tty, OpenStdin, StdinOnce, Env, Cmd, Image, Volumes, WorkingDir, Entrypoint },
    ...(mac && { MacAddress: mac }),
    ...{ OnBuild: null, Labels: sorted(Labels) },
    ...(StopSignal && { StopSignal }),
    ...(StopTimeout !== undefined && { StopTimeout }),
    ...others,
  };
}

export function stateView({ state }: Container): object {
  const { status } = state;
  return {
    Status: status,
    Running: status === "running" || status === "paused" || status === "restarting",
    Paused: status === "paused",
    Restarting: status === "restarting",
    OOMKilled: state.oomKilled,
    Dead: status === "dead",
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
  };
}

export function mountView(mount: Mount): object {
  const type = { bind: "bind", volume: "volume", tmpfs: "tmpfs" }[mount.type];
  return {
    Type: type,
    ...(mount.name !== undefined && { Name: mount.name }),
    Source: mount.source,
    Destination: mount.destination,
    ...(mount.type === "volume" && { Driver: "local" }),
    Mode: mount.mode,
    RW: mount.rw,
    Propagation: mount.type === "bind" ? "rprivate" : "",
  };
}
