import { members, part, text } from "./answers.ts";
import { says } from "./shapes.ts";
import { instead, type Step } from "./story.ts";

const OLDEST = "nothing older than API 1.40 is spoken";
const OWN_FACTS = "facts of the daemon itself";

const VERSION = "Platform Components Version ApiVersion MinAPIVersion GitCommit GoVersion Os Arch KernelVersion BuildTime";
const ENGINE = "ApiVersion Arch BuildTime Experimental GitCommit GoVersion KernelVersion MinAPIVersion Os";
const INFO = [
  "ID Containers ContainersRunning ContainersPaused ContainersStopped Images Driver DriverStatus Plugins MemoryLimit SwapLimit",
  "KernelMemoryTCP CpuCfsPeriod CpuCfsQuota CPUShares CPUSet PidsLimit IPv4Forwarding Debug NFd OomKillDisable NGoroutines SystemTime",
  "LoggingDriver CgroupDriver CgroupVersion NEventsListener KernelVersion OperatingSystem OSVersion OSType Architecture IndexServerAddress",
  "RegistryConfig NCPU MemTotal GenericResources DockerRootDir HttpProxy HttpsProxy NoProxy Name Labels ExperimentalBuild ServerVersion",
  "Runtimes DefaultRuntime Swarm LiveRestoreEnabled Isolation InitBinary ContainerdCommit RuncCommit InitCommit SecurityOptions",
];
/** dockerd: `FirewallBackend CDISpecDirs Containerd Warnings`. No containerd is below netloom, and the default pools are told as well. */
const REST = "DefaultAddressPools FirewallBackend CDISpecDirs Warnings";
const OK = text("text/plain; charset=utf-8", "OK");

/** Ping, negotiation, versions, info. That every answer has the usual headers is looked at with every step of every story. */
export const VERSIONS: Step[] = [
  { line: "GET /_ping", wire: [["GET /_ping", 200, OK]] },
  { line: "GET /v1.51/_ping", wire: [["GET /_ping", 200, OK]] },
  { line: "HEAD /v1.51/_ping", wire: [["HEAD /_ping", 200, text("text/plain; charset=utf-8", "")]] },
  { line: "docker version", wire: [["GET /version", 200, members("", VERSION)]] },
  { line: "docker version", wire: [["GET /version", 200, members("Components.0.Details", ENGINE)]] },
  {
    line: "docker version",
    wire: [["GET /version", 200, part("Components.1.Name", instead("containerd", "runc", OWN_FACTS))]],
  },
  {
    line: "docker version --format '{{.Server.APIVersion}} {{.Server.MinAPIVersion}} {{.Client.APIVersion}}' | cut -d' ' -f1,2",
    prints: "1.51 1.40\n",
    wire: [["GET /version", 200, part("MinAPIVersion", instead("1.24", "1.40", OLDEST))]],
  },
  {
    line: "DOCKER_API_VERSION=1.44 docker version --format '{{.Server.APIVersion}} {{.Client.APIVersion}}'",
    prints: "1.51 1.44\n",
    wire: [["GET /version", 200, part("ApiVersion", "1.51")]],
  },
  { line: "docker info", wire: [["GET /info", 200, members("", `${INFO.join(" ")} ${REST}`)]] },
  {
    line: "docker info",
    wire: [
      [
        "GET /info",
        200,
        part(
          "Plugins",
          instead(
            "all of dockerd's",
            { Volume: ["local"], Network: ["bridge", "host", "null"], Authorization: null, Log: ["json-file"] },
            OWN_FACTS,
          ),
        ),
      ],
    ],
  },
  {
    line: "docker info",
    wire: [["GET /info", 200, part("FirewallBackend", instead({ Driver: "iptables" }, { Driver: "nftables" }, OWN_FACTS))]],
  },
  {
    line: "docker info",
    wire: [
      [
        "GET /info",
        200,
        part("Swarm", { NodeID: "", NodeAddr: "", LocalNodeState: "inactive", ControlAvailable: false, Error: "", RemoteManagers: null }),
      ],
    ],
  },
  { line: "docker info", wire: [["GET /info", 200, part("DefaultAddressPools.0.Base", "172.17.0.0/16")]] },
  {
    line: "GET /v1.20/version",
    wire: [
      [
        "GET /version",
        400,
        text(
          "text/plain; charset=utf-8",
          "client version 1.20 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version\n",
        ),
      ],
    ],
  },
  {
    line: "GET /v1.99/version",
    wire: [["GET /version", 400, says("client version 1.99 is too new. Maximum supported API version is 1.51")]],
  },
  { line: "GET /v1.51/plugins", wire: [["GET /plugins", 200, []]] },
];
