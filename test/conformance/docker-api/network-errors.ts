import { ANY_JSON, frames, lines, MULTIPLEXED } from "./answers.ts";
import { CONNECTING, MISTAKE, NEWER, refused } from "./refusals.ts";
import { ran, says } from "./shapes.ts";
import { instead, type Said, type Step } from "./story.ts";

const EVERYWHERE_THE_SAME = "a static address on a subnet that we chose is as stable as on one that was named";
const NAMES_ARE_CHECKED = "a name becomes part of paths and host names";

const creating = (line: string, status: number, message: string): Step =>
  refused(`network create ${line}`, "POST /networks/create", status, message);

/** Which is made, and then does not start. */
const notStarted = (name: string, line: string, status: number, message: string): Step => ({
  line: `docker run -d --name ${name} ${line}`,
  exit: 125,
  wire: [...ran(name).slice(0, 2), [`POST /containers/<${name}>/start`, status, says(message)]],
});

const removing = (name: string, status: number, message: string, found: Said = [`GET /networks/${name}`, 200, ANY_JSON]): Step => ({
  line: `docker network rm ${name}`,
  exit: 1,
  wire: [found, [`DELETE /networks/${name}`, status, says(message)]],
});

export const NETWORK_ERRORS: Step[] = [
  creating("n1", 409, "network with name n1 already exists"),
  refused("network inspect nosuchnet", "GET /networks/nosuchnet", 404, "network nosuchnet not found"),
  {
    line: "docker run --rm --network nosuchnet alpine:latest true",
    exit: 125,
    wire: [
      ["POST /containers/create", 201, { Id: "<new>", Warnings: [] }],
      ["POST /containers/<new>/attach?stderr=1&stdout=1&stream=1", 101, frames(MULTIPLEXED)],
      ["POST /containers/<new>/wait?condition=removed", 200, lines("\n", { StatusCode: 128 })],
      ["POST /containers/<new>/start", 404, says(`${CONNECTING}: network nosuchnet not found`)],
    ],
  },
  removing("n2", 403, 'error while removing network: network n2 has active endpoints (name:"a2" id:"<digits>")'),
  removing("bridge", 403, "bridge is a pre-defined network and cannot be removed"),
  removing("host", 403, "host is a pre-defined network and cannot be removed"),
  removing("nosuchnet", 404, "network nosuchnet not found", ["GET /networks/nosuchnet", 404, says("network nosuchnet not found")]),
  creating("--subnet 10.10.0.0/24 nover", 403, "invalid pool request: Pool overlaps with other one on this address space"),
  creating("bridge", 403, "operation is not permitted on predefined bridge network "),
  creating("-d host host2", 403, 'only one instance of "host" network is allowed'),
  creating(
    "-d nosuchdrv nd",
    404,
    instead('plugin "nosuchdrv" not found', "could not find plugin nosuchdrv in v1 plugin registry: plugin not found", NEWER),
  ),
  creating(
    "-o com.docker.network.driver.mtu=abc nbm",
    400,
    'failed to parse com.docker.network.driver.mtu value: abc (strconv.Atoi: parsing "abc": invalid syntax)',
  ),
  creating("--subnet 10.1.2.3/16 nbs", 400, "invalid network config:\ninvalid subnet 10.1.2.3/16: it should be 10.1.0.0/16"),
  creating("--subnet 10.40.0.0/24 --subnet 10.41.0.0/24 two", 403, "bridge driver doesn't support multiple subnets"),
  creating("--ipv4=false none4", 400, "IPv4 or IPv6 must be enabled"),
  { line: "docker network create -o com.docker.network.bridge.name=br-x brx", wire: [["POST /networks/create", 201, ANY_JSON]] },
  creating(
    "-o com.docker.network.bridge.name=br-x nbn",
    403,
    "cannot create network <id> (br-x): conflicts with network <brx> (br-x): networks have same bridge name",
  ),
  {
    line: "docker network create bad/name",
    exit: 1,
    wire: [
      [
        "POST /networks/create",
        instead(201, 400, NAMES_ARE_CHECKED),
        says('invalid name: "bad/name": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, at most 255 of them'),
      ],
    ],
  },
  refused("network ls --filter foo=bar", 'GET /networks?filters={"foo":{"bar":true}}', 400, "invalid filter 'foo'"),
  refused(
    "network ls --filter type=foo",
    'GET /networks?filters={"type":{"foo":true}}',
    instead(500, 400, MISTAKE),
    "invalid filter: 'type'='foo'",
  ),
];

export const JOIN_ERRORS: Step[] = [
  notStarted("e1", "--network n2 --ip 10.10.5.77 alpine:latest sleep 1000", 403, `${CONNECTING}: Address already in use`),
  refused("network connect --ip 10.10.5.77 n2 a1", "POST /networks/n2/connect", 403, "Address already in use"),
  refused(
    "run -d --name e2 --network n2 --ip 10.99.5.77 alpine:latest true",
    "POST /containers/create?name=e2",
    400,
    instead(
      "invalid config for network n2: invalid endpoint settings:\nno configured subnet or ip-range contain the IP address 10.99.5.77",
      "invalid config for network n2: invalid endpoint settings:\nno configured subnet contains IP address 10.99.5.77",
      NEWER,
    ),
    125,
  ),
  {
    line: "docker create --name e3 --network n1 --ip 172.18.0.77 alpine:latest true",
    wire: [["POST /containers/create?name=e3", instead(400, 201, EVERYWHERE_THE_SAME), { Id: "<e3>", Warnings: [] }]],
  },
  refused(
    "run -d --name e4 --ip 172.17.0.77 alpine:latest true",
    "POST /containers/create?name=e4",
    400,
    instead(
      "two lines",
      "invalid config for network bridge: invalid endpoint settings:\nuser-specified IP address is supported on user-defined networks only",
      NEWER,
    ),
    125,
  ),
  refused("network connect n1 nosuch", "POST /networks/n1/connect", 404, "No such container: nosuch"),
  refused("network connect nosuchnet a1", "POST /networks/nosuchnet/connect", 404, "network nosuchnet not found"),
  refused("network connect n1 a1", "POST /networks/n1/connect", 403, "endpoint with name a1 already exists in network n1"),
  refused(
    "network connect host a1",
    "POST /networks/host/connect",
    400,
    "cannot connect container to host network - container must be created in host network mode",
  ),
  { line: "docker run -d --name hosted --network host alpine:latest sleep 1000", wire: ran("hosted") },
  refused(
    "network disconnect host hosted",
    "POST /networks/host/disconnect",
    400,
    "cannot disconnect container from host network - container was created in host network mode",
  ),
  refused("network disconnect n6 a1", "POST /networks/n6/disconnect", 500, "container <a1> is not connected to network n6"),
  refused("network disconnect n1 nosuch", "POST /networks/n1/disconnect", 404, "No such container: nosuch"),
  refused(
    "network connect n1 a6",
    "POST /networks/n1/connect",
    400,
    "container sharing network namespace with another container or host cannot be connected to any other network",
  ),
  refused(
    "network connect n1 lone",
    "POST /networks/n1/connect",
    400,
    "container cannot be connected to multiple networks with one of the networks in private (none) mode",
  ),
  notStarted(
    "e7",
    "--network container:a10 alpine:latest true",
    409,
    "cannot join network namespace of a non running container: container a10 is created",
  ),
  refused(
    "run -d --name e8 --network container:nosuch alpine:latest true",
    "POST /containers/create?name=e8",
    500,
    "joining network namespace of container: No such container: nosuch",
    125,
  ),
  refused(
    "run -d --name a7 --link a8x:lnk alpine:latest true",
    "POST /containers/create?name=a7",
    400,
    "could not get container for a8x: No such container: a8x",
    125,
  ),
];
