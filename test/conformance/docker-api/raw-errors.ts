import { MISTAKE } from "./refusals.ts";
import { says } from "./shapes.ts";
import { instead, type Said, type Step } from "./story.ts";

const OWN_WORDS = "a schema's words for what Go's decoder says";

const json = (path: string, body: string, status: number, message: string): Step => ({
  line: `POST ${path}`,
  body,
  wire: [[`POST ${path.replace(/^\/v[\d.]+/, "")}`, status, says(message)]],
});
const raw = (line: string, status: number, answer: Said[2], more: Partial<Step> = {}): Step => {
  const [method, path = ""] = line.split(" ");
  return { line, wire: [[`${method} ${decodeURIComponent(path.replace(/^\/v[\d.]+/, ""))}`, status, answer]], ...more };
};
const UNKNOWN = (what: string) => says(`No such ${what}`);
const NO_SWARM = says(
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
);

/** Requests that the client would not send. */
export const RAW_ERRORS: Step[] = [
  json("/v1.51/networks/create", '{"Name":', 400, "invalid JSON: unexpected EOF"),
  json(
    "/v1.51/networks/create",
    '{"Name":1}',
    400,
    instead(
      "invalid JSON: json: cannot unmarshal number into Go struct field CreateRequest.Name of type string",
      "invalid JSON: Name must be string",
      OWN_WORDS,
    ),
  ),
  json("/v1.51/networks/create", '{"Name":"x"} {"a":1}', 400, "unexpected content after JSON"),
  json("/v1.51/networks/create", '{"Name":""}', 400, "invalid name: name is empty"),
  raw("POST /v1.51/networks/create", 400, says("invalid name: name is empty")),
  raw("POST /v1.51/networks/create", 400, says("unsupported Content-Type header (text/plain): must be 'application/json'"), {
    body: '{"Name":"x"}',
    headers: { "Content-Type": "text/plain" },
  }),
  raw("POST /v1.51/networks/create", 400, says("malformed Content-Type header (): mime: no media type"), {
    body: '{"Name":"x"}',
    headers: {},
  }),
  raw("POST /v1.51/networks/create", 201, { Id: "<rawx>", Warning: "" }, { body: '{"Name":"rawx","Foo":1}' }),
  json("/v1.43/networks/create", '{"Name":"rawx","CheckDuplicate":true}', 409, "network with name rawx already exists"),
  raw("GET /v1.51/networks?filters=%7Bx", 400, says("invalid filter")),
  raw("GET /v1.51/networks/rawxx", 404, says("network rawxx not found")),
  raw("DELETE /v1.51/networks/rawxx", 404, says("network rawxx not found")),
  json("/v1.51/containers/create", "{}", 400, "config cannot be empty in order to create a container"),
  json("/v1.51/containers/create?name=rawc3", '{"Image":"alpine:latest"}', 400, "no command specified"),
  raw("POST /v1.51/containers/create?name=rawc2", 201, { Id: "<rawc2>", Warnings: [] }, { body: '{"Image":"alpine:latest","Cmd":"true"}' }),
  raw("POST /v1.51/containers/rawc2/start", 204, undefined, { body: '{"a":1}' }),
  json(
    "/v1.51/containers/create?name=zz",
    '{"Image":"alpine:latest","Cmd":["true"],"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"99999"}]}}}',
    400,
    'invalid port specification: "99999"',
  ),
  raw(
    "POST /v1.51/containers/create?name=zz",
    instead(201, 400, "a protocol that nobody knows cannot be published, so it is said at once"),
    instead({ Id: "<zz>", Warnings: [] }, { message: "invalid proto: foo" }, "see the status"),
    { body: '{"Image":"alpine:latest","Cmd":["true"],"HostConfig":{"PortBindings":{"80/foo":[{"HostPort":"1"}]}}}' },
  ),
  raw(
    "POST /v1.43/containers/create?name=zm",
    201,
    { Id: "<zm>", Warnings: [] },
    {
      body: '{"Image":"alpine:latest","Cmd":["true"],"MacAddress":"02:42:ac:11:00:99"}',
    },
  ),
  raw("GET /v1.51/containers/zzzz/json", 404, UNKNOWN("container: zzzz")),
  raw("GET /v1.51/containers/a10/top", 409, says("container <a10> is not running")),
  raw("POST /v1.51/containers/a10/resize?h=1&w=1", 409, says("container <a10> is not running")),
  raw("POST /v1.51/containers/a1/resize?h=x&w=1", 400, says('invalid resize height "x": invalid syntax')),
  raw("POST /v1.51/containers/a1/kill?signal=FOO", 400, says("cannot kill container: a1: invalid signal: FOO")),
  raw("POST /v1.51/containers/a1/wait?condition=foo", 400, says('invalid condition: "foo"')),
  raw("POST /v1.51/containers/nosuch/wait?condition=removed", 404, UNKNOWN("container: nosuch")),
  raw("GET /v1.51/containers/a1/logs", 400, says("Bad parameters: you must choose at least one stream")),
  raw("GET /v1.51/exec/nosuch/json", 404, UNKNOWN("exec instance: nosuch")),
  json("/v1.51/exec/nosuch/start", '{"Detach":false}', 404, "No such exec instance: nosuch"),
  json("/v1.51/containers/a1/exec", "{}", 400, "No exec command specified"),
  raw(
    "GET /v1.51/events?since=abc",
    instead(500, 400, MISTAKE),
    says(instead('strconv.ParseInt: parsing "abc": invalid syntax', 'invalid value for "since": abc', MISTAKE)),
  ),
  raw("GET /v1.51/swarm", 503, NO_SWARM),
  raw("GET /v1.51/services", 503, NO_SWARM),
];
