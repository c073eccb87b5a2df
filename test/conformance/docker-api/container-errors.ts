import { ANY_JSON } from "./answers.ts";
import { refused } from "./refusals.ts";
import { says } from "./shapes.ts";
import type { Step } from "./story.ts";

const TAKEN = (name: string, by: string) =>
  `Conflict. The container name "/${name}" is already in use by container "<${by}>". You have to remove (or rename) that container to be able to reuse that name.`;

const noSuch = (line: string, request: string): Step => refused(`${line}`, request, 404, "No such container: nosuch");

export const CONTAINER_ERRORS: Step[] = [
  refused("run -d --name a1 alpine:latest true", "POST /containers/create?name=a1", 409, TAKEN("a1", "a1"), 125),
  refused(
    "create --name bad/name alpine:latest true",
    "POST /containers/create?name=bad/name",
    400,
    "Invalid container name (bad/name), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
  ),
  refused("rename a1 a2", "POST /containers/a1/rename?name=a2", 409, `Error when allocating new name: ${TAKEN("a2", "a2")}`),
  {
    line: "docker inspect nosuch",
    exit: 1,
    prints: "[]\nError: No such object: nosuch\n",
    wire: [
      ["GET /containers/nosuch/json", 404, says("No such container: nosuch")],
      ["GET /images/nosuch/json", 404, says("No such image: nosuch:latest")],
      ["GET /networks/nosuch", 404, says("network nosuch not found")],
      ["GET /volumes/nosuch", 404, says("get nosuch: no such volume")],
      ["GET /info", 200, ANY_JSON],
      ["GET /plugins/nosuch/json", 404, says('plugin "nosuch" not found')],
    ],
  },
  noSuch("container inspect nosuch", "GET /containers/nosuch/json"),
  noSuch("start nosuch", "POST /containers/nosuch/start"),
  noSuch("logs nosuch", "GET /containers/nosuch/json"),
  noSuch("exec nosuch true", "GET /containers/nosuch/json"),
  noSuch("stop nosuch", "POST /containers/nosuch/stop"),
  noSuch("restart nosuch", "POST /containers/nosuch/restart"),
  {
    line: "docker attach nosuch",
    exit: 1,
    wire: [
      ["GET /containers/nosuch/json", 404, says("No such container: nosuch")],
      ["POST /containers/nosuch/wait", 404, says("No such container: nosuch")],
    ],
    anyOrder: true,
  },
  refused(
    "ps --filter status=foo",
    'GET /containers/json?filters={"status":{"foo":true}}',
    400,
    "invalid filter 'status=foo': invalid value for state (foo): must be one of created, running, paused, restarting, removing, exited, dead",
  ),
  refused(
    "run -d --name e9 --mount type=bind,src=/nosuch,dst=/x alpine:latest true",
    "POST /containers/create?name=e9",
    400,
    'invalid mount config for type "bind": bind source path does not exist: /nosuch',
    125,
  ),
  refused(
    "run -d --name ea -h myhost --uts host alpine:latest true",
    "POST /containers/create?name=ea",
    400,
    "conflicting options: hostname and the UTS mode",
    125,
  ),
  {
    line: "docker exec a10 true",
    exit: 1,
    wire: [
      ["GET /containers/a10/json", 200, ANY_JSON],
      ["POST /containers/a10/exec", 409, says("container <a10> is not running")],
    ],
  },
];
