import { ANY_JSON, each, part } from "./answers.ts";
import { NETWORK_SETTINGS, settings, wished } from "./inspect.ts";
import { NEWER } from "./refusals.ts";
import { ONE_BINDING, ran, says } from "./shapes.ts";
import { instead, type Step } from "./story.ts";

const WHO_HOLDS = "who has the port is told";

/** A publish without an address. */
const bound = (HostPort: string) =>
  instead(
    [
      { HostIp: "0.0.0.0", HostPort },
      { HostIp: "::", HostPort },
    ],
    [{ HostIp: "0.0.0.0", HostPort }],
    ONE_BINDING,
  );
const entry = (PrivatePort: number, PublicPort: number, Type: string) =>
  instead("and one with IP ::", { IP: "0.0.0.0", PrivatePort, PublicPort, Type }, ONE_BINDING);

const TAKEN =
  "failed to set up container networking: driver failed programming external connectivity on endpoint pe1 (<id>): Bind for 0.0.0.0:8081 failed: port is already allocated";
const TAKEN_BY = instead(TAKEN, `${TAKEN} by container p1`, WHO_HOLDS);

/** Ports in inspect, in the list and in `docker port`. */
export const PORTS: Step[] = [
  { line: "docker run -d --name p1 -p 8081:80 alpine:latest sleep 1000", wire: ran("p1") },
  {
    line: "docker port p1",
    prints: "80/tcp -> 0.0.0.0:8081\n",
    wire: [["GET /containers/p1/json", 200, part("NetworkSettings.Ports", { "80/tcp": bound("8081") })]],
  },
  { line: "docker run -d --name p2 -p 127.0.0.1:9000-9002:7000-7002 alpine:latest sleep 1000", wire: ran("p2") },
  { line: "docker run -d --name p3 -p 5353:53/udp -p 192.0.2.1:5354:54/tcp alpine:latest sleep 1000", wire: ran("p3") },
  {
    line: "docker inspect p3",
    wire: [
      [
        "GET /containers/p3/json",
        200,
        part("NetworkSettings.Ports", { "53/udp": bound("5353"), "54/tcp": [{ HostIp: "192.0.2.1", HostPort: "5354" }] }),
      ],
    ],
  },
  {
    line: "docker inspect p3",
    wire: [
      [
        "GET /containers/p3/json",
        200,
        part("HostConfig.PortBindings", {
          "53/udp": [{ HostIp: "", HostPort: "5353" }],
          "54/tcp": [{ HostIp: "192.0.2.1", HostPort: "5354" }],
        }),
      ],
    ],
  },
  { line: "docker run -d --name p4 -p 80 --expose 90 --expose 100-101/udp alpine:latest sleep 1000", wire: ran("p4") },
  {
    line: "docker inspect p4",
    wire: [
      [
        "GET /containers/p4/json",
        200,
        part("NetworkSettings.Ports", { "100/udp": null, "101/udp": null, "80/tcp": bound("32768"), "90/tcp": null }),
      ],
    ],
  },
  {
    line: "docker inspect p4",
    wire: [["GET /containers/p4/json", 200, part("Config.ExposedPorts", { "100/udp": {}, "101/udp": {}, "80/tcp": {}, "90/tcp": {} })]],
  },
  { line: "docker run -d --name p5 -P --expose 90 alpine:latest sleep 1000", wire: ran("p5") },
  { line: "docker run -d --name p6 -p 9100-9105:80 alpine:latest sleep 1000", wire: ran("p6") },
  {
    line: "docker ps",
    wire: [
      [
        "GET /containers/json",
        200,
        each(
          ["Names", "Ports"],
          [["/p6"], [entry(80, 9100, "tcp")]],
          [["/p5"], [entry(90, 32769, "tcp")]],
          [
            ["/p4"],
            [
              { PrivatePort: 100, Type: "udp" },
              { PrivatePort: 101, Type: "udp" },
              entry(80, 32768, "tcp"),
              { PrivatePort: 90, Type: "tcp" },
            ],
          ],
          [["/p3"], [entry(53, 5353, "udp"), { IP: "192.0.2.1", PrivatePort: 54, PublicPort: 5354, Type: "tcp" }]],
          [["/p2"], [9000, 9001, 9002].map((PublicPort) => ({ IP: "127.0.0.1", PrivatePort: PublicPort - 2000, PublicPort, Type: "tcp" }))],
          [["/p1"], [entry(80, 8081, "tcp")]],
        ),
      ],
    ],
  },
  {
    line: "docker run -d --name pe1 -p 8081:80 alpine:latest sleep 1000",
    exit: 125,
    wire: [...ran("pe1").slice(0, 2), ["POST /containers/<pe1>/start", 500, says(TAKEN_BY)]],
  },
  {
    line: "docker inspect pe1",
    wire: [
      [
        "GET /containers/pe1/json",
        200,
        part("State", {
          Status: "created",
          Running: false,
          Paused: false,
          Restarting: false,
          OOMKilled: false,
          Dead: false,
          Pid: 0,
          ExitCode: 128,
          Error: TAKEN_BY,
          StartedAt: "0001-01-01T00:00:00Z",
          FinishedAt: "0001-01-01T00:00:00Z",
        }),
      ],
    ],
  },
  {
    line: "docker inspect pe1",
    wire: [["GET /containers/pe1/json", 200, settings({ ...NETWORK_SETTINGS, Networks: { bridge: wished("bridge") } })]],
  },
  { line: "docker stop -t 0 p1", wire: [["POST /containers/p1/stop?t=0", 204]] },
  { line: "docker port p1", prints: "", wire: [["GET /containers/p1/json", 200, part("NetworkSettings.Ports", {})]] },
  { line: "docker ps -q", wire: [["GET /containers/json", 200, ANY_JSON]] },
];

/** A host port that a program has. Which one is told, so that a person can end it. */
export function portErrors(pid: number): Step[] {
  const on =
    "failed to set up container networking: driver failed programming external connectivity on endpoint pe2 (<id>): failed to bind host port";
  const taken = "address already in use";
  const message = instead(
    `${on} for 0.0.0.0:7999:172.17.0.2:80/tcp: ${taken}`,
    `${on} 0.0.0.0:7999/tcp: ${taken} by node (pid ${pid})`,
    `${NEWER}; ${WHO_HOLDS}`,
  );
  return [
    {
      line: "docker run -d --name pe2 -p 7999:80 alpine:latest sleep 1000",
      exit: 125,
      wire: [...ran("pe2").slice(0, 2), ["POST /containers/<pe2>/start", 500, says(message)]],
    },
  ];
}
