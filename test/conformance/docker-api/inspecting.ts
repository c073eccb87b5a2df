import { ANY_JSON } from "./answers.ts";
import { inspected, NETWORK_SETTINGS, onBridge, sandboxed, settings, wished } from "./inspect.ts";
import { leg, listedLeg, ran } from "./shapes.ts";
import { instead, type Step } from "./story.ts";

const NOT_RELABELLED = "nothing is relabelled, so the mode is what was asked for";
const NO_SELINUX = "there is no SELinux label to be disabled";
const KNOWN_NETWORK = "the network is known before the start";
const AS_WISHED = "what was not wished is null, however the client writes nothing";

const C2 =
  "docker run -d --name c2 -h myhost -e A=1 -l k=v -w /www -u 0:0 --restart on-failure:2 -m 64m --memory-swap 128m --cpus 0.5 --pids-limit 50 --cap-add NET_ADMIN --cap-drop MKNOD --read-only --tmpfs /t:size=1m --shm-size 8m --sysctl net.ipv4.ip_forward=1 --ulimit nofile=100:200 --dns 1.1.1.1 --dns-search ex.org --dns-opt ndots:1 --add-host foo:10.1.1.1 --add-host gw:host-gateway --security-opt no-new-privileges --log-opt max-size=1m --stop-signal SIGINT --stop-timeout 2 --entrypoint sleep -v vol1:/data --mount type=tmpfs,dst=/t2 --device /dev/null:/dev/xnull --group-add 10 --ipc private --pid host --cgroup-parent /foo --oom-score-adj 100 alpine:latest 1000";

const C2_HOST = {
  Binds: ["vol1:/data"],
  LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
  RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 },
  CapAdd: ["CAP_NET_ADMIN"],
  CapDrop: ["CAP_MKNOD"],
  Dns: ["1.1.1.1"],
  DnsOptions: ["ndots:1"],
  DnsSearch: ["ex.org"],
  ExtraHosts: ["foo:10.1.1.1", "gw:host-gateway"],
  GroupAdd: ["10"],
  OomScoreAdj: 100,
  PidMode: "host",
  ReadonlyRootfs: true,
  SecurityOpt: instead(["no-new-privileges", "label=disable"], ["no-new-privileges"], NO_SELINUX),
  Tmpfs: { "/t": "size=1m" },
  ShmSize: 8388608,
  Sysctls: { "net.ipv4.ip_forward": "1" },
  Memory: 67108864,
  NanoCpus: 500000000,
  CgroupParent: "/foo",
  Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/xnull", CgroupPermissions: "rwm" }],
  MemorySwap: 134217728,
  PidsLimit: 50,
  Ulimits: [{ Name: "nofile", Hard: 200, Soft: 100 }],
  Mounts: [{ Type: "tmpfs", Target: "/t2" }],
};

const volume = (name: string, at: string) => ({
  Type: "volume",
  Name: name,
  Source: instead(`/var/lib/docker/volumes/${name}/_data`, `<data>/volumes/${name}/_data`, "where volumes lie is each daemon's own"),
  Destination: at,
  Driver: "local",
  Mode: instead("z", "", NOT_RELABELLED),
  RW: true,
  Propagation: "",
});

/** `docker create` and `run` with their options, and what inspect makes of them. */
export const INSPECT: Step[] = [
  { line: "docker run -d --name c1 alpine:latest sleep 1000", prints: "<c1>\n", wire: ran("c1") },
  {
    line: "docker inspect c1",
    wire: [["GET /containers/c1/json", 200, inspected("c1", { NetworkSettings: onBridge("c1", "172.17.0.2") })]],
  },
  {
    line: "docker container inspect -s c1",
    wire: [["GET /containers/c1/json?size=1", 200, inspected("c1", { NetworkSettings: onBridge("c1", "172.17.0.2"), size: true })]],
  },
  { line: C2, wire: ran("c2") },
  {
    line: "docker inspect c2",
    wire: [
      [
        "GET /containers/c2/json",
        200,
        inspected("c2", {
          HostConfig: C2_HOST,
          Mounts: [volume("vol1", "/data"), { Type: "tmpfs", Source: "", Destination: "/t2", Mode: "", RW: true, Propagation: "" }],
          Config: {
            Hostname: "myhost",
            User: "0:0",
            Env: ["A=1"],
            Cmd: ["1000"],
            WorkingDir: "/www",
            Entrypoint: ["sleep"],
            Labels: { k: "v" },
            StopSignal: "SIGINT",
            StopTimeout: 2,
          },
          NetworkSettings: onBridge("c2", "172.17.0.3"),
        }),
      ],
    ],
  },
  { line: "docker network create n1", wire: [["POST /networks/create", 201, ANY_JSON]] },
  { line: "docker run -d --name a1 --network n1 --mac-address 02:11:22:33:44:55 alpine:latest sleep 1000", wire: ran("a1") },
  {
    line: "docker inspect a1",
    wire: [
      [
        "GET /containers/a1/json",
        200,
        inspected("a1", {
          HostConfig: { NetworkMode: "n1" },
          Config: { MacAddress: "02:11:22:33:44:55" },
          NetworkSettings: sandboxed("a1", {
            Networks: {
              n1: {
                ...listedLeg("n1", "172.18.0.2", { MacAddress: "02:11:22:33:44:55", DNSNames: ["a1", "<a1:12>"] }),
                HostInterface: "<veth>",
              },
            },
          }),
        }),
      ],
    ],
  },
  { line: "docker run -d --name a4 --network host alpine:latest sleep 1000", wire: ran("a4") },
  {
    line: "docker inspect a4",
    wire: [
      [
        "GET /containers/a4/json",
        200,
        settings(
          sandboxed("a4", {
            SandboxKey: instead("/var/run/docker/netns/default", "/proc/self/ns/net", "the daemon's own namespace is not pinned"),
            Networks: { host: leg({ NetworkID: "<host>", EndpointID: "<id>" }) },
          }),
        ),
      ],
    ],
  },
  { line: "docker run -d --name a5 --network none alpine:latest sleep 1000", wire: ran("a5") },
  {
    line: "docker inspect a5",
    wire: [
      ["GET /containers/a5/json", 200, settings(sandboxed("a5", { Networks: { none: leg({ NetworkID: "<none>", EndpointID: "<id>" }) } }))],
    ],
  },
  { line: "docker run -d --name a6 --network container:a1 alpine:latest sleep 1000", wire: ran("a6") },
  {
    line: "docker inspect a6",
    wire: [
      [
        "GET /containers/a6/json",
        200,
        inspected("a6", {
          HostConfig: { NetworkMode: "container:<a1>" },
          Config: { Hostname: "<a1:12>" },
          NetworkSettings: NETWORK_SETTINGS,
        }),
      ],
    ],
  },
  { line: "docker run -d --name a7 --link c1:lnk alpine:latest sleep 1000", wire: ran("a7") },
  { line: "docker create --name a10 alpine:latest true", wire: [["POST /containers/create?name=a10", 201, { Id: "<a10>", Warnings: [] }]] },
  { line: "docker network connect n1 a10", wire: [["POST /networks/n1/connect", 200]] },
  {
    line: "docker inspect a10",
    wire: [
      [
        "GET /containers/a10/json",
        200,
        settings({
          ...NETWORK_SETTINGS,
          Networks: {
            bridge: instead(leg(), wished("bridge"), KNOWN_NETWORK),
            n1: instead(leg({ IPAMConfig: {}, Aliases: [], DriverOpts: {} }), wished("n1", ["a10", "<a10:12>"]), AS_WISHED),
          },
        }),
      ],
    ],
  },
  { line: "docker network disconnect bridge a10", wire: [["POST /networks/bridge/disconnect", 200]] },
  {
    line: "POST /v1.51/containers/create?name=z2",
    body: '{"Image":"alpine:latest","Cmd":["true"],"HostConfig":{"NetworkMode":"n1"},"NetworkingConfig":{"EndpointsConfig":{"bridge":{}}}}',
    wire: [["POST /containers/create?name=z2", 201, { Id: "<z2>", Warnings: [] }]],
  },
  {
    line: "GET /v1.51/containers/z2/json",
    wire: [
      [
        "GET /containers/z2/json",
        200,
        settings({ ...NETWORK_SETTINGS, Networks: { bridge: instead(leg(), wished("bridge"), KNOWN_NETWORK) } }),
      ],
    ],
  },
  {
    line: "docker run -d --name e5 --network host -p 80:80 alpine:latest sleep 1000",
    wire: ran("e5", ["Published ports are discarded when using host network mode"]),
  },
];
