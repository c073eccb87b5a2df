import { ANY_JSON, each, part } from "./answers.ts";
import { leg, listedLeg, ran, says } from "./shapes.ts";
import { ABSENT, instead, type Step } from "./story.ts";

const listed = (name: string, command: string, status: string, given: object) => ({
  Id: `<${name}>`,
  Names: [`/${name}`],
  Image: "alpine:latest",
  ImageID: "sha256:<id>",
  Command: command,
  Created: "<seconds>",
  Ports: [],
  SizeRw: ABSENT,
  SizeRootFs: ABSENT,
  Labels: {},
  State: status.startsWith("Up") ? "running" : "exited",
  Status: status,
  HostConfig: { NetworkMode: "bridge" },
  NetworkSettings: { Networks: {} },
  Mounts: [],
  ...given,
});
const DOWN = { NetworkSettings: { Networks: { bridge: leg({ NetworkID: "<bridge>" }) } } };

const verb = (line: string, request: string): Step => ({ line: `docker ${line}`, wire: [[request, 204]] });
const refused = (line: string, request: string, status: number, message: string): Step => ({
  line: `docker ${line}`,
  exit: 1,
  wire: [[request, status, says(message)]],
});

/** The list, the verbs of a life, and top. */
export const LIFE: Step[] = [
  { line: "docker run -d --name c1 alpine:latest sleep 1000", wire: ran("c1") },
  { line: "docker run -d --name c5 alpine:latest sh -c 'exit 4'", wire: ran("c5") },
  { line: "docker wait c5", prints: "4\n", wire: [["POST /containers/c5/wait", 200, { StatusCode: 4 }]] },
  {
    line: "docker ps",
    wire: [
      [
        "GET /containers/json",
        200,
        [listed("c1", "sleep 1000", "Up <ago>", { NetworkSettings: { Networks: { bridge: listedLeg("bridge", "172.17.0.2") } } })],
      ],
    ],
  },
  {
    line: "docker ps -a",
    wire: [
      [
        "GET /containers/json?all=1",
        200,
        each(["Names", "State", "Status"], [["/c5"], "exited", "Exited (4) <ago>"], [["/c1"], "running", "Up <ago>"]),
      ],
    ],
  },
  {
    line: "docker ps -as --filter status=exited --filter name=c5 --filter exited=4 -n 2",
    wire: [
      [
        'GET /containers/json?all=1&filters={"exited":{"4":true},"name":{"c5":true},"status":{"exited":true}}&limit=2&size=1',
        200,
        [listed("c5", "sh -c 'exit 4'", "Exited (4) <ago>", { ...DOWN, SizeRootFs: "<bytes>" })],
      ],
    ],
  },
  {
    line: "docker ps --filter health=healthy --filter ancestor=alpine:latest",
    wire: [
      [
        'GET /containers/json?filters={"ancestor":{"alpine:latest":true},"health":{"healthy":true}}',
        200,
        instead("one with a health check", [], "health checks are discarded with a warning at create"),
      ],
    ],
  },
  {
    line: "docker create --name h1 --health-cmd true alpine:latest true",
    wire: [
      [
        "POST /containers/create?name=h1",
        201,
        { Id: "<h1>", Warnings: instead([], ["Health check discarded: not supported"], "issue 2 has no health checks") },
      ],
    ],
  },
  {
    line: "docker top c1 -o pid,args",
    wire: [["GET /containers/c1/top?ps_args=-o pid,args", 200, part("Titles", ["PID", "COMMAND"])]],
  },
  {
    line: "docker top c1 | head -1 | tr -s ' '",
    prints: "UID PID PPID C STIME TTY TIME CMD\n",
    wire: [["GET /containers/c1/top", 200, ANY_JSON]],
  },
  { line: "docker start c1", wire: [["POST /containers/c1/start", 304]] },
  verb("pause c1", "POST /containers/c1/pause"),
  refused("pause c1", "POST /containers/c1/pause", 409, "Container <c1> is already paused"),
  {
    line: "docker exec c1 true",
    exit: 1,
    wire: [
      ["GET /containers/c1/json", 200, ANY_JSON],
      ["POST /containers/c1/exec", 409, says("Container c1 is paused, unpause the container before exec")],
    ],
  },
  verb("unpause c1", "POST /containers/c1/unpause"),
  refused("unpause c1", "POST /containers/c1/unpause", 500, "Container <c1> is not paused"),
  verb("kill -s HUP c1", "POST /containers/c1/kill?signal=HUP"),
  refused("kill c5", "POST /containers/c5/kill", 409, "cannot kill container: c5: container <c5> is not running"),
  verb("kill c1", "POST /containers/c1/kill"),
  { line: "docker wait c1", prints: "137\n", wire: [["POST /containers/c1/wait", 200, { StatusCode: 137 }]] },
  { line: "docker stop c1", wire: [["POST /containers/c1/stop", 304]] },
  verb("restart -t 0 c1", "POST /containers/c1/restart?t=0"),
  verb("stop -s SIGKILL c1", "POST /containers/c1/stop?signal=SIGKILL"),
  verb("rename c5 c5new", "POST /containers/c5/rename?name=c5new"),
  verb("start c1", "POST /containers/c1/start"),
  {
    line: "docker update -m 100m --memory-swap 200m --cpus 1 --restart always c1",
    wire: [["POST /containers/c1/update", 200, { Warnings: null }]],
  },
  {
    line: "docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.RestartPolicy.Name}}' c1",
    prints: "104857600 1000000000 always\n",
    wire: [["GET /containers/c1/json", 200, ANY_JSON]],
  },
  refused(
    "rm c1",
    "DELETE /containers/c1",
    409,
    'cannot remove container "c1": container is running: stop the container before removing or force remove',
  ),
  verb("rm c5new", "DELETE /containers/c5new"),
  verb("rm -f c1", "DELETE /containers/c1?force=1"),
  { line: "docker rm -f nosuch", wire: [["DELETE /containers/nosuch?force=1", 404, says("No such container: nosuch")]] },
  {
    line: "docker rm -fv h1",
    wire: [["DELETE /containers/h1?force=1&v=1", 204]],
  },
];
