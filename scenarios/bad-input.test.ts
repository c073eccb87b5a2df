import test from "ava";
import type { Call } from "../test/support/api.ts";
import { startNetloomd } from "../test/support/daemon.ts";
import { docker, mustDocker } from "../test/support/docker.ts";
import { hostNetns } from "../test/support/netns.ts";
import { words } from "../test/support/page.ts";
import { changes, stateOf } from "../test/support/state.ts";

// What is refused says why, in the words that Docker's users know, and leaves the machine and the daemon's memory as they were.

/** What is there before anything is refused. `full` has room for its gateway and one container. */
const HOUSE = [
  "network create auto",
  "network create --subnet 10.10.0.0/24 named",
  "network create --subnet 10.20.0.0/30 full",
  "create --name idle --network auto alpine true",
  "run -d --name web --network named --ip 10.10.0.7 -p 8080:80 alpine sleep 600",
  "run -d --name lone --network full alpine sleep 600",
  "run -d --name shared --network host alpine sleep 600",
  "run -d --name deaf --network none alpine sleep 600",
  "run -d --name keeper -v kept:/kept alpine sleep 600",
];

const IN_USE = 'error while removing network: network named has active endpoints (name:"web" id:"ID")';
const CONNECTING = "failed to set up container networking";
const ENDPOINT = "invalid endpoint settings:";
const TAKEN =
  'Conflict. The container name "/web" is already in use by container "ID". You have to remove (or rename) that container to be able to reuse that name.';

/** What is typed, its exit status, what is printed. `&& rm NAME` when it leaves a container that did not start. */
const TYPED: readonly [line: string, status: number, message: string, leaves?: string][] = [
  ["network inspect nosuch", 1, "network nosuch not found"],
  ["network rm nosuch", 1, "network nosuch not found"],
  ["network connect nosuch web", 1, "network nosuch not found"],
  ["run -d --name late --network nosuch alpine true", 125, `${CONNECTING}: network nosuch not found`, "late"],
  ["network create auto", 1, "network with name auto already exists"],
  ["network create bridge", 1, "operation is not permitted on predefined bridge network"],
  ["network create -d host second", 1, 'only one instance of "host" network is allowed'],
  ["network create -d nosuch x", 1, "could not find plugin nosuch in v1 plugin registry: plugin not found"],
  ["network create --subnet 10.10.0.128/25 x", 1, "invalid pool request: Pool overlaps with other one on this address space"],
  ["network create --subnet 10.1.2.3/16 x", 1, "invalid network config:\ninvalid subnet 10.1.2.3/16: it should be 10.1.0.0/16"],
  [
    "network create -o com.docker.network.driver.mtu=abc x",
    1,
    'failed to parse com.docker.network.driver.mtu value: abc (strconv.Atoi: parsing "abc": invalid syntax)',
  ],
  ["network rm named", 1, IN_USE],
  ["network rm bridge", 1, "bridge is a pre-defined network and cannot be removed"],
  ["network connect named web", 1, "endpoint with name web already exists in network named"],
  ["network connect auto nosuch", 1, "No such container: nosuch"],
  ["network disconnect auto nosuch", 1, "No such container: nosuch"],
  ["network disconnect auto web", 1, "container ID is not connected to network auto"],
  ["network connect host web", 1, "cannot connect container to host network - container must be created in host network mode"],
  ["network disconnect host shared", 1, "cannot disconnect container from host network - container was created in host network mode"],
  [
    "network connect auto shared",
    1,
    "container sharing network namespace with another container or host cannot be connected to any other network",
  ],
  ["network connect auto deaf", 1, "container cannot be connected to multiple networks with one of the networks in private (none) mode"],
  ["network connect --ip 10.10.0.7 named keeper", 1, "Address already in use"],
  ["network connect --ip 10.99.0.7 named keeper", 1, `${ENDPOINT}\nno configured subnet contains IP address 10.99.0.7`],
  [
    "network connect full keeper",
    1,
    "no available addresses on this pool: 10.20.0.0/30 of network full is used up, 2 are leased by 2 owners",
  ],
  ["run -d --name late --network named --ip 10.10.0.7 alpine true", 125, `${CONNECTING}: Address already in use`, "late"],
  [
    "run -d --name late --network named --ip 10.99.0.7 alpine true",
    125,
    `invalid config for network named: ${ENDPOINT}\nno configured subnet contains IP address 10.99.0.7`,
  ],
  [
    "run -d --name late --network named -p 8080:80 alpine true",
    125,
    `${CONNECTING}: driver failed programming external connectivity on endpoint late (ID): Bind for 0.0.0.0:8080 failed: port is already allocated by container web`,
    "late",
  ],
  ["run -d --name web alpine true", 125, TAKEN],
  ["create --name bad/name alpine true", 1, "Invalid container name (bad/name), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"],
  [
    "volume create b/ad",
    1,
    'create b/ad: "b/ad" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  ],
  ["rename idle web", 1, `Error when allocating new name: ${TAKEN}\nError: failed to rename container named idle`],
  ["run -d --name late --network container:nosuch alpine true", 125, "joining network namespace of container: No such container: nosuch"],
  [
    "run -d --name late --network container:idle alpine true",
    125,
    "cannot join network namespace of a non running container: container idle is created",
    "late",
  ],
  [
    "run -d --name late --mount type=bind,src=/nosuch,dst=/x alpine true",
    125,
    'invalid mount config for type "bind": bind source path does not exist: /nosuch',
  ],
  ["run -d --name late --link nosuch:n alpine true", 125, "could not get container for nosuch: No such container: nosuch"],
  ["start nosuch", 1, "No such container: nosuch\nError: failed to start containers: nosuch"],
  ["stop nosuch", 1, "No such container: nosuch"],
  ["restart nosuch", 1, "No such container: nosuch"],
  ["kill nosuch", 1, "No such container: nosuch"],
  ["rm -f nosuch", 0, "No such container: nosuch"],
  ["logs nosuch", 1, "No such container: nosuch"],
  ["exec nosuch true", 1, "No such container: nosuch"],
  ["attach nosuch", 1, "No such container: nosuch"],
  ["top nosuch", 1, "No such container: nosuch"],
  ["wait nosuch", 1, "No such container: nosuch"],
  ["rm web", 1, 'cannot remove container "web": container is running: stop the container before removing or force remove'],
  ["kill idle", 1, "cannot kill container: idle: container ID is not running"],
  ["exec idle true", 1, "container ID is not running"],
  ["unpause web", 1, "Container ID is not paused"],
  ["kill -s FOO web", 1, "cannot kill container: web: invalid signal: FOO"],
  ["volume rm kept", 1, "remove kept: volume is in use - [ID]"],
  ["volume rm nosuch", 1, "get nosuch: no such volume"],
  [
    "rmi alpine",
    1,
    'conflict: unable to remove repository reference "alpine" (must force) - container ID is using its referenced image ID',
  ],
  ["rmi nosuch:1", 1, "No such image: nosuch:1"],
  [
    "run --name late alpine nosuchcmd",
    127,
    'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nosuchcmd": executable file not found in $PATH',
    "late",
  ],
  [
    "run -d --name late alpine nosuchcmd",
    127,
    'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nosuchcmd": executable file not found in $PATH',
    "late",
  ],
  [
    "pull busybox:1",
    1,
    "cannot pull busybox:1: pulling from a registry is not there yet; bring the image with docker load or docker import",
  ],
  [
    "ps --filter status=foo",
    1,
    "invalid filter 'status=foo': invalid value for state (foo): must be one of created, running, paused, restarting, removing, exited, dead",
  ],
  ["network ls --filter foo=bar", 1, "invalid filter 'foo'"],
];

/** Requests that the client would not send: method, path, what goes with it, status, message. */
const RAW: readonly [method: string, path: string, call: Call, status: number, message: string][] = [
  ["POST", "/v1.51/networks/create", json('{"Name":'), 400, "invalid JSON: unexpected EOF"],
  ["POST", "/v1.51/networks/create", json('{"Name":"x"} {"a":1}'), 400, "unexpected content after JSON"],
  ["POST", "/v1.51/networks/create", {}, 400, "invalid name: name is empty"],
  ["POST", "/v1.51/networks/create", { body: { Name: "" } }, 400, "invalid name: name is empty"],
  [
    "POST",
    "/v1.51/networks/create",
    typed('{"Name":"x"}', "text/plain"),
    400,
    "unsupported Content-Type header (text/plain): must be 'application/json'",
  ],
  [
    "POST",
    "/v1.51/networks/create",
    typed('{"Name":"x"}', "json"),
    400,
    "unsupported Content-Type header (json): must be 'application/json'",
  ],
  ["POST", "/v1.51/networks/create", typed('{"Name":"x"}', ""), 400, "malformed Content-Type header (): mime: no media type"],
  [
    "POST",
    "/v1.51/networks/create",
    { body: { Name: "x", Labels: { a: "b".repeat(5 << 20) } }, headers: { connection: "keep-alive" } },
    413,
    "request body too large: the limit is 4194304 bytes",
  ],
  ["POST", "/v1.51/networks/create", { body: { Name: "auto" } }, 409, "network with name auto already exists"],
  ["POST", "/v1.51/networks/create", { body: { Name: "bridge" } }, 403, "operation is not permitted on predefined bridge network "],
  [
    "POST",
    "/v1.51/networks/create",
    { body: { Name: "x", Driver: "nosuch" } },
    404,
    "could not find plugin nosuch in v1 plugin registry: plugin not found",
  ],
  [
    "POST",
    "/v1.51/networks/create",
    { body: { Name: "x", IPAM: { Config: [{ Subnet: "10.10.0.0/16" }] } } },
    403,
    "invalid pool request: Pool overlaps with other one on this address space",
  ],
  ["GET", "/v1.51/networks?filters=%7Bx", {}, 400, "invalid filter"],
  ["GET", "/v1.51/networks/na", {}, 404, "network na not found"],
  ["DELETE", "/v1.51/networks/nosuch", {}, 404, "network nosuch not found"],
  ["DELETE", "/v1.51/networks/named", {}, 403, IN_USE],
  ["DELETE", "/v1.51/networks/host", {}, 403, "host is a pre-defined network and cannot be removed"],
  ["POST", "/v1.51/networks/named/connect", { body: { Container: "web" } }, 403, "endpoint with name web already exists in network named"],
  ["POST", "/v1.51/networks/auto/connect", { body: { Container: "nosuch" } }, 404, "No such container: nosuch"],
  ["POST", "/v1.51/networks/nosuch/connect", { body: { Container: "web" } }, 404, "network nosuch not found"],
  [
    "POST",
    "/v1.51/networks/full/connect",
    { body: { Container: "keeper" } },
    503,
    "no available addresses on this pool: 10.20.0.0/30 of network full is used up, 2 are leased by 2 owners",
  ],
  ["POST", "/v1.51/networks/auto/disconnect", { body: { Container: "web" } }, 500, "container ID is not connected to network auto"],
  ["POST", "/v1.51/containers/create", { body: {} }, 400, "config cannot be empty in order to create a container"],
  ["POST", "/v1.51/containers/create?name=late", { body: { Image: "alpine" } }, 400, "no command specified"],
  ["POST", "/v1.51/containers/create?name=web", { body: { Image: "alpine", Cmd: ["true"] } }, 409, TAKEN],
  ["POST", "/v1.51/containers/create?name=late", { body: { Image: "nosuch", Cmd: ["true"] } }, 404, "No such image: nosuch:latest"],
  [
    "POST",
    "/v1.51/containers/create?name=late",
    { body: { Image: "alpine", Cmd: ["true"], HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "99999" }] } } } },
    400,
    'invalid port specification: "99999"',
  ],
  ["GET", "/v1.51/containers/nosuch/json", {}, 404, "No such container: nosuch"],
  ["GET", "/v1.51/containers/..%2f..%2fetc/json", {}, 404, "No such container: ../../etc"],
  ["GET", "/v1.51/containers/idle/top", {}, 409, "container ID is not running"],
  ["POST", "/v1.51/containers/web/resize?h=x&w=1", {}, 400, 'invalid resize height "x": invalid syntax'],
  ["POST", "/v1.51/containers/web/kill?signal=FOO", {}, 400, "cannot kill container: web: invalid signal: FOO"],
  ["POST", "/v1.51/containers/web/wait?condition=foo", {}, 400, 'invalid condition: "foo"'],
  ["GET", "/v1.51/containers/web/logs", {}, 400, "Bad parameters: you must choose at least one stream"],
  ["POST", "/v1.51/containers/web/exec", { body: {} }, 400, "No exec command specified"],
  ["POST", "/v1.51/exec/nosuch/start", { body: { Detach: false } }, 404, "No such exec instance: nosuch"],
  ["GET", "/v1.51/events?since=abc", {}, 400, 'invalid value for "since": abc'],
  ["GET", "/v1.99/version", {}, 400, "client version 1.99 is too new. Maximum supported API version is 1.51"],
  ["GET", "/v1.51/nosuch", {}, 404, "page not found"],
  ["PUT", "/v1.51/info", {}, 404, "page not found"],
];

test("what is refused says why and changes nothing", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  for (const line of HOUSE) await mustDocker(daemon, words(line));
  const before = await stateOf(host, daemon);

  const typed: unknown[] = [];
  for (const [line, , , leaves] of TYPED) {
    const { status, stderr } = await docker(daemon, words(line));
    const left = leaves !== undefined && (await docker(daemon, ["rm", leaves])).status === 0 ? [leaves] : [];
    typed.push([line, status, said(stderr), ...left, ...(await changes(host, daemon, before))]);
  }
  t.deepEqual(typed, TYPED as unknown[]);

  const raw: unknown[] = [];
  for (const [method, path, call] of RAW) {
    const reply = await daemon.api<{ message: string }>(method, path, call);
    raw.push([method, path, call, reply.status, nameless(reply.body.message), ...(await changes(host, daemon, before))]);
  }
  t.deepEqual(raw, RAW as unknown[]);

  t.regex(await mustDocker(daemon, words("exec web ip addr show eth0")), /inet 10\.10\.0\.7\/24 /);
  await mustDocker(daemon, words("run --rm --network named alpine ping -c 1 -W 2 web"));
});

/** The daemon's words in what the client prints. */
function said(stderr: string): string {
  const text = stderr
    .replace(/^(docker: )?Error response from daemon: /, "")
    .replace(/\n\nRun 'docker \w+ --help' for more information\n$/, "");
  return nameless(text.replace(/\nexit status 1\n$/, "").trim());
}

function nameless(message: string): string {
  return message.replace(/\b([0-9a-f]{64}|[0-9a-f]{12})\b/g, "ID");
}

function json(text: string): Call {
  return typed(text, "application/json");
}

function typed(text: string, type: string): Call {
  return { body: Buffer.from(text), headers: { "content-type": type } };
}
