import { part, type Streamed } from "./answers.ts";
import { leg, liveLeg, OUR_FOLDERS } from "./shapes.ts";
import { instead } from "./story.ts";

type Members = Record<string, unknown>;

const STATE = {
  Status: "running",
  Running: true,
  Paused: false,
  Restarting: false,
  OOMKilled: false,
  Dead: false,
  Pid: "<pid>",
  ExitCode: 0,
  Error: "",
  StartedAt: "<time>",
  FinishedAt: "0001-01-01T00:00:00Z",
};

/** Members that are undefined here come in this place when they are given. */
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
  MaskedPaths: [
    ...["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list"],
    ...["/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"],
  ],
  ReadonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
  Init: undefined,
};

const CONFIG = {
  Hostname: "",
  Domainname: "",
  User: "",
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  ExposedPorts: undefined,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: ["sleep", "1000"],
  Image: "alpine:latest",
  Volumes: null,
  WorkingDir: "",
  Entrypoint: null,
  MacAddress: undefined,
  OnBuild: null,
  Labels: {},
  StopSignal: undefined,
  StopTimeout: undefined,
};

/** `NetworkSettings` of one that is not on the default bridge, or not running. */
export const NETWORK_SETTINGS = {
  Bridge: "",
  SandboxID: "",
  SandboxKey: "",
  Ports: {},
  HairpinMode: false,
  LinkLocalIPv6Address: "",
  LinkLocalIPv6PrefixLen: 0,
  SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null,
  EndpointID: "",
  Gateway: "",
  GlobalIPv6Address: "",
  GlobalIPv6PrefixLen: 0,
  IPAddress: "",
  IPPrefixLen: 0,
  IPv6Gateway: "",
  MacAddress: "",
  Networks: {} as object,
};

/** The same while it has a sandbox. */
export function sandboxed(name: string, given: Members = {}): object {
  const own = "a sandbox is named after whose it is";
  return {
    ...NETWORK_SETTINGS,
    SandboxID: instead("<id>", `<${name}>`, own),
    SandboxKey: instead("/var/run/docker/netns/<id:12>", `<run>/netns/<${name}:12>`, OUR_FOLDERS),
    ...given,
  };
}

/** On the default bridge alone: its address is at the top as well. */
export function onBridge(name: string, ip: string, given: Members = {}): object {
  const { EndpointID, Gateway, IPAddress, IPPrefixLen, MacAddress } = liveLeg("bridge", ip) as Members;
  const top = { EndpointID, Gateway, IPAddress, IPPrefixLen, MacAddress };
  return sandboxed(name, { ...top, Networks: { bridge: liveLeg("bridge", ip) }, ...given });
}

/** What is particular to a container; the rest is that of `run -d --name c1 alpine:latest sleep 1000`. */
export interface Particulars {
  Path?: string;
  Args?: string[];
  State?: Members;
  HostConfig?: Members;
  Config?: Members;
  Mounts?: object[];
  NetworkSettings: object;
  size?: boolean;
}

/** GET /containers/{id}/json, whole. */
export function inspected(name: string, given: Particulars): object {
  const folder = `<data>/containers/<${name}>`;
  const file = (base: string) => instead(`/var/lib/docker/containers/<${name}>/${base}`, `<run>/files/<${name}>/${base}`, OUR_FOLDERS);
  const layers = {
    ID: `<${name}>`,
    LowerDir: "<lower>",
    MergedDir: `${folder}/rootfs`,
    UpperDir: `${folder}/upper`,
    WorkDir: `${folder}/work`,
  };
  return {
    Id: `<${name}>`,
    Created: "<time>",
    Path: given.Path ?? "sleep",
    Args: given.Args ?? ["1000"],
    State: { ...STATE, ...given.State },
    Image: "sha256:<id>",
    ResolvConfPath: file("resolv.conf"),
    HostnamePath: file("hostname"),
    HostsPath: file("hosts"),
    LogPath: instead(`/var/lib/docker/containers/<${name}>/<${name}>-json.log`, `${folder}/container.log`, OUR_FOLDERS),
    Name: `/${name}`,
    RestartCount: 0,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: null,
    HostConfig: { ...HOST_CONFIG, ...given.HostConfig },
    GraphDriver: { Data: layers, Name: "overlay2" },
    ...(given.size && { SizeRw: 0, SizeRootFs: "<bytes>" }),
    Mounts: given.Mounts ?? [],
    Config: { ...CONFIG, Hostname: `<${name}:12>`, ...given.Config },
    NetworkSettings: given.NetworkSettings,
  };
}

/** `NetworkSettings` alone. */
export function settings(content: object): Streamed {
  return part("NetworkSettings", content);
}

/** A network that is wished by one that does not run. */
export function wished(network: string, names: string[] | null = null): object {
  return leg({ NetworkID: `<${network}>`, DNSNames: names });
}
