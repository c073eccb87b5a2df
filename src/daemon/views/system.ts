import type { DaemonDeps, DaemonInfo } from "../types.ts";
import { API_VERSION, MIN_API_VERSION } from "../version.ts";

/** GET /version. */
export function versionView(info: DaemonInfo): object {
  const own = { Version: info.version, ApiVersion: API_VERSION, MinAPIVersion: MIN_API_VERSION, GitCommit: info.gitCommit };
  return {
    Platform: { Name: "netloom" },
    Components: [
      {
        Name: "Engine",
        Version: info.version,
        Details: {
          ApiVersion: API_VERSION,
          Arch: info.arch,
          BuildTime: info.buildTime,
          Experimental: "false",
          GitCommit: info.gitCommit,
          GoVersion: process.version,
          KernelVersion: info.kernelVersion,
          MinAPIVersion: MIN_API_VERSION,
          Os: "linux",
        },
      },
      { Name: info.runtime.name, Version: info.runtime.version, Details: { GitCommit: "" } },
    ],
    ...own,
    // Go's version in dockerd; here it tells what runs the daemon.
    GoVersion: process.version,
    Os: "linux",
    Arch: info.arch,
    KernelVersion: info.kernelVersion,
    BuildTime: info.buildTime,
  };
}

/** GET /info. What netloom has no part of is told as dockerd tells it when it is off. */
export function infoView({ info, containers, images }: DaemonDeps): object {
  const all = containers.all();
  const count = (...statuses: string[]) => all.filter(({ state }) => statuses.includes(state.status)).length;
  return {
    ID: info.id,
    Containers: all.length,
    ContainersRunning: count("running"),
    ContainersPaused: count("paused"),
    ContainersStopped: all.length - count("running", "paused"),
    Images: images.list().length,
    Driver: info.storageDriver,
    DriverStatus: [],
    Plugins: { Volume: ["local"], Network: info.networkDrivers.toSorted(), Authorization: null, Log: ["json-file"] },
    ...limits,
    IPv4Forwarding: info.ipv4Forwarding,
    Debug: info.debug,
    NFd: 0,
    OomKillDisable: info.cgroupVersion === "1",
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: "json-file",
    CgroupDriver: info.cgroupDriver,
    CgroupVersion: info.cgroupVersion,
    NEventsListener: 0,
    KernelVersion: info.kernelVersion,
    OperatingSystem: info.operatingSystem,
    OSVersion: "",
    OSType: "linux",
    Architecture: info.machine,
    IndexServerAddress: "",
    RegistryConfig: { IndexConfigs: {}, InsecureRegistryCIDRs: [], Mirrors: null },
    NCPU: info.cpus,
    MemTotal: info.memoryBytes,
    GenericResources: null,
    DockerRootDir: info.dataRoot,
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
    Name: info.name,
    Labels: info.labels,
    ExperimentalBuild: false,
    ServerVersion: info.version,
    Runtimes: { [info.runtime.name]: { path: info.runtime.name } },
    DefaultRuntime: info.runtime.name,
    Swarm: { NodeID: "", NodeAddr: "", LocalNodeState: "inactive", ControlAvailable: false, Error: "", RemoteManagers: null },
    LiveRestoreEnabled: true,
    Isolation: "",
    InitBinary: "",
    ContainerdCommit: { ID: "" },
    RuncCommit: { ID: info.runtime.version },
    InitCommit: { ID: "" },
    SecurityOptions: [],
    DefaultAddressPools: info.addressPools.map(({ base, size }) => ({ Base: base, Size: size })),
    FirewallBackend: { Driver: info.firewall },
    CDISpecDirs: [],
    Warnings: info.ipv4Forwarding ? null : ["WARNING: IPv4 forwarding is disabled"],
  };
}

const limits = {
  MemoryLimit: true,
  SwapLimit: true,
  KernelMemoryTCP: false,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
};
