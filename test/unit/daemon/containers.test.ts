import test from "ava";
import { NetError } from "../../../src/model/errors.ts";
import { harness, until } from "./harness.ts";

const keys = (value: object) => Object.keys(value).join(" ");
const ENDPOINT =
  "IPAMConfig Links Aliases MacAddress DriverOpts GwPriority NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen DNSNames";

test("inspect and list have dockerd's members in dockerd's order", async (t) => {
  const { call, made } = await harness(t);
  const id = await made("c1", { HostConfig: { NetworkMode: "default" }, NetworkingConfig: { EndpointsConfig: { default: null } } });
  t.like(await call("POST", `/v1.50/containers/${id}/start`), { status: 204, text: "" });
  t.like(await call("POST", "/v1.50/containers/c1/start"), { status: 304 });
  const { json } = await call("GET", `/v1.50/containers/${id.slice(0, 6)}/json`);
  t.is(
    keys(json),
    "Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel " +
      "AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings",
  );
  t.is(keys(json.State), "Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt");
  t.is(
    keys(json.NetworkSettings),
    "Bridge SandboxID SandboxKey Ports HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen SecondaryIPAddresses SecondaryIPv6Addresses " +
      "EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen IPAddress IPPrefixLen IPv6Gateway MacAddress Networks",
  );
  t.is(
    keys(json.Config),
    "Hostname Domainname User AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce Env Cmd Image Volumes WorkingDir Entrypoint OnBuild Labels",
  );
  t.true(
    keys(json.HostConfig).startsWith("Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver"),
  );
  t.is(json.HostConfig.NetworkMode, "bridge");
  t.is(keys(json.NetworkSettings.Networks.bridge), `${ENDPOINT} HostInterface`);
  t.like(json.NetworkSettings, { IPAddress: "172.17.0.2", IPPrefixLen: 16, Gateway: "172.17.0.1" });
  t.like(json.NetworkSettings.Networks.bridge, { Aliases: null, DNSNames: null, IPAddress: "172.17.0.2" });

  const [row] = (await call("GET", "/v1.50/containers/json")).json;
  t.is(keys(row), "Id Names Image ImageID Command Created Ports Labels State Status HostConfig NetworkSettings Mounts");
  t.like(row, { Names: ["/c1"], Command: "sleep 9", State: "running", HostConfig: { NetworkMode: "bridge" } });
  t.regex(row.Status, /^Up (Less than a second|1 second)$/);
  t.is(keys(row.NetworkSettings.Networks.bridge), ENDPOINT);
  const bridge = (await call("GET", "/v1.50/networks/bridge")).json;
  t.is(keys(bridge.Containers[id]), "Name EndpointID MacAddress IPv4Address IPv6Address");
  t.is(bridge.Containers[id].IPv4Address, "172.17.0.2/16");
});

test("the list: states, names, limits, networks", async (t) => {
  const { call, made, exit } = await harness(t);
  await call("POST", "/v1.50/networks/create", { Name: "n1" });
  await made("a1", { Labels: { k: "v" } });
  await made("a2", { HostConfig: { NetworkMode: "n1" } });
  for (const name of ["a1", "a2"]) await call("POST", `/v1.50/containers/${name}/start`);
  exit("a1", 3);
  const names = async (query: string) => {
    const { json } = await call("GET", `/v1.50/containers/json?${query}`);
    return json.map((row: { Names: string[] }) => row.Names[0]).sort();
  };
  t.deepEqual(await names(""), ["/a2"]);
  t.deepEqual(await names("all=1"), ["/a1", "/a2"]);
  t.deepEqual(await names('filters={"status":["exited"]}'), ["/a1"]);
  t.deepEqual(await names('filters={"exited":["3"]}'), ["/a1"]);
  t.deepEqual(await names('all=1&filters={"network":["n1"]}'), ["/a2"]);
  t.deepEqual(await names('all=1&filters={"name":["^/a1$"]}'), ["/a1"]);
  t.deepEqual(await names('all=1&filters={"label":["k=v"]}'), ["/a1"]);
  t.deepEqual(await names('all=1&filters={"ancestor":["alpine:latest"]}'), ["/a1", "/a2"]);
  t.is((await names("limit=1")).length, 1);
  const [row] = (await call("GET", '/v1.50/containers/json?filters={"exited":["3"]}&size=1')).json;
  t.regex(row.Status, /^Exited \(3\) Less than a second ago$/);
  t.is(row.SizeRootFs, 1984178);
});

test("ports: published, exposed, and none while it does not run", async (t) => {
  const { call, made } = await harness(t);
  await made("p4", {
    ExposedPorts: { "100/udp": {}, "80/tcp": {}, "90/tcp": {} },
    HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8081" }] } },
  });
  t.deepEqual((await call("GET", "/v1.50/containers/p4/json")).json.NetworkSettings.Ports, {});
  await call("POST", "/v1.50/containers/p4/start");
  const both = [
    { HostIp: "0.0.0.0", HostPort: "8081" },
    { HostIp: "::", HostPort: "8081" },
  ];
  t.deepEqual((await call("GET", "/v1.50/containers/p4/json")).json.NetworkSettings.Ports, {
    "100/udp": null,
    "80/tcp": both,
    "90/tcp": null,
  });
  t.deepEqual((await call("GET", "/v1.50/containers/json")).json[0].Ports, [
    { PrivatePort: 100, Type: "udp" },
    { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8081, Type: "tcp" },
    { IP: "::", PrivatePort: 80, PublicPort: 8081, Type: "tcp" },
    { PrivatePort: 90, Type: "tcp" },
  ]);
});

test("create asks the controller for what was wished", async (t) => {
  const { call, made, controller } = await harness(t);
  await call("POST", "/v1.50/networks/create", { Name: "n2", IPAM: { Config: [{ Subnet: "10.10.0.0/16" }] } });
  await made("db");
  const id = await made("a3", {
    Hostname: "h",
    Domainname: "ex.org",
    ExposedPorts: { "90/tcp": {}, "80/tcp": {} },
    MacAddress: "02:42:ac:11:00:99",
    HostConfig: {
      NetworkMode: "n2",
      PublishAllPorts: true,
      PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "9000-9005" }] },
      Dns: ["1.1.1.1"],
      DnsSearch: ["ex.org"],
      ExtraHosts: ["foo:10.1.1.1", "six=fd00::1", "gw:host-gateway"],
      Links: ["db:lnk"],
    },
    NetworkingConfig: { EndpointsConfig: { n1: {}, n2: { IPAMConfig: { IPv4Address: "10.10.5.88" }, Aliases: ["web"], GwPriority: 5 } } },
  });
  t.deepEqual(controller.member(id), {
    id,
    name: "a3",
    door: "docker",
    hostname: "h",
    domainname: "ex.org",
    mode: "own",
    wishes: [
      {
        network: "n2",
        wish: {
          ipv4: "10.10.5.88" as never,
          mac: "02:42:ac:11:00:99" as never,
          linkLocal: [],
          aliases: ["web"],
          links: [{ target: "db", alias: "lnk" }],
          driverOptions: {},
          gatewayPriority: 5,
        },
      },
      { network: "n1", wish: { linkLocal: [], aliases: [], links: [], driverOptions: {}, gatewayPriority: 0 } },
    ],
    ports: [
      { protocol: "tcp", port: 80, hostIp: "127.0.0.1" as never, hostPort: 9000, hostPortEnd: 9005 },
      { protocol: "tcp", port: 90, hostPort: 0, hostPortEnd: 0 },
    ],
    dns: { servers: ["1.1.1.1" as never], search: ["ex.org"], options: [] },
    extraHosts: [
      { name: "foo", ip: "10.1.1.1" as never },
      { name: "six", ip: "fd00::1" as never },
      { name: "gw", ip: "host-gateway" },
    ],
  });
});

test("modes: host, none, another container's namespace", async (t) => {
  const { call, made, controller } = await harness(t);
  const web = await made("web");
  const host = await call("POST", "/v1.50/containers/create?name=hh", {
    Image: "alpine",
    Cmd: "true",
    HostConfig: { NetworkMode: "host", PortBindings: { "80/tcp": [{ HostPort: "80" }] } },
  });
  t.deepEqual(host.json.Warnings, ["Published ports are discarded when using host network mode"]);
  t.like(controller.member(host.json.Id), { mode: "host", ports: [], hostname: "loom" });
  const none = await made("nn", { HostConfig: { NetworkMode: "none" } });
  t.like(controller.member(none), { mode: "own" });
  t.is(controller.member(none)?.wishes[0]?.network, "none");
  const shared = await made("ss", { HostConfig: { NetworkMode: "container:web" } });
  t.deepEqual(controller.member(shared)?.mode, { shareWith: web });
  t.deepEqual(controller.member(shared)?.wishes, []);
  const inspected = (await call("GET", "/v1.50/containers/ss/json")).json;
  t.is(inspected.HostConfig.NetworkMode, `container:${web}`);
  t.deepEqual(inspected.NetworkSettings.Networks, {});
  t.like(await call("POST", "/v1.50/containers/ss/start"), {
    status: 409,
    json: { message: "cannot join network namespace of a non running container: container web is created" },
  });
});

test("options that conflict, names and ports that are wrong", async (t) => {
  const { call, made } = await harness(t);
  await made("web");
  const message = async (body: object, name = "xx") => {
    const answer = await call("POST", `/v1.51/containers/create?name=${name}`, body);
    return `${answer.status} ${answer.json.message}`;
  };
  const image = { Image: "alpine", Cmd: ["true"] };
  const shared = { NetworkMode: "container:web" };
  const rule = "400 conflicting options: ";
  t.is(await message({}), "400 config cannot be empty in order to create a container");
  t.is(await message({ ...image, Hostname: "h", HostConfig: shared }), `${rule}hostname and the network mode`);
  t.is(await message({ ...image, Hostname: "h", HostConfig: { UTSMode: "host" } }), `${rule}hostname and the UTS mode`);
  t.is(await message({ ...image, HostConfig: { ...shared, Dns: ["1.1.1.1"] } }), `${rule}dns and the network mode`);
  t.is(
    await message({ ...image, HostConfig: { ...shared, ExtraHosts: ["a:1.1.1.1"] } }),
    `${rule}custom host-to-IP mapping and the network mode`,
  );
  t.is(
    await message({ ...image, HostConfig: { ...shared, PublishAllPorts: true } }),
    `${rule}port publishing and the container type network mode`,
  );
  t.is(
    await message({ ...image, ExposedPorts: { "1/tcp": {} }, HostConfig: shared }),
    `${rule}port exposing and the container type network mode`,
  );
  t.regex(
    await message({ ...image, HostConfig: { NetworkMode: "host", Links: ["web:w"] } }),
    /host type networking can't be used with links/,
  );
  t.regex(
    await message({ ...image, HostConfig: { NetworkMode: "none" }, NetworkingConfig: { EndpointsConfig: { bridge: {} } } }),
    /^400 container cannot be connected to multiple networks/,
  );
  t.is(
    await message({ ...image, HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "99999" }] } } }),
    '400 invalid port specification: "99999"',
  );
  t.is(await message({ ...image, HostConfig: { PortBindings: { "80/foo": [{ HostPort: "1" }] } } }), "400 invalid proto: foo");
  t.is(await message(image, "bad%2Fname"), "400 Invalid container name (bad/name), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
  t.regex(await message(image, "web"), /^409 Conflict\. The container name "\/web" is already in use by container "[0-9a-f]{64}"\./);
  t.is(await message({ ...image, HostConfig: { Links: ["a8x:lnk"] } }), "400 could not get container for a8x: No such container: a8x");
  t.is(
    await message({ ...image, HostConfig: { NetworkMode: "container:nosuch" } }),
    "500 joining network namespace of container: No such container: nosuch",
  );
  t.is(await message({ Image: "nosuch", Cmd: ["true"] }), "404 No such image: nosuch:latest");
  t.is(await message({ Image: "alpine" }), "400 no command specified");
  t.is(
    await message({ ...image, NetworkingConfig: { EndpointsConfig: { default: { IPAMConfig: { IPv4Address: "172.17.0.77" } } } } }),
    "400 invalid config for network bridge: invalid endpoint settings:\nuser-specified IP address is supported on user-defined networks only",
  );
  t.is(
    await message({ ...image, NetworkingConfig: { EndpointsConfig: { n: { IPAMConfig: { IPv4Address: "x", IPv6Address: "1.2.3.4" } } } } }),
    "400 invalid config for network n: invalid endpoint settings:\n* invalid IPv4 address: x\n* invalid IPv6 address: 1.2.3.4",
  );
  const unnamed = await call("POST", "/v1.51/containers/create", image);
  t.regex((await call("GET", `/v1.51/containers/${unnamed.json.Id}/json`)).json.Name, /^\/[a-z]+_[a-z]+$/);
});

test("a missing network fails at the start, and the container stays", async (t) => {
  const { call, made, failOpen } = await harness(t);
  await made("cc", { HostConfig: { NetworkMode: "nosuchnet" } });
  failOpen(new NetError("notFound", "failed to set up container networking: network nosuchnet not found"));
  t.like(await call("POST", "/v1.50/containers/cc/start"), {
    status: 404,
    json: { message: "failed to set up container networking: network nosuchnet not found" },
  });
  const { State, NetworkSettings } = (await call("GET", "/v1.50/containers/cc/json")).json;
  t.like(State, { Status: "created", ExitCode: 128, Error: "failed to set up container networking: network nosuchnet not found" });
  t.is(NetworkSettings.SandboxID, "");
});

test("a missing command: 127, its networks are left, --rm takes it away", async (t) => {
  const { call, made, failStart, events, controller } = await harness(t);
  const bad = (words: string) => new NetError("invalid", `failed to create task for container: exec: "x": ${words}`);
  const id = await made("cc");
  for (const [words, code] of [
    ["executable file not found in $PATH", 127],
    ["is a directory: permission denied", 126],
    ["no idea", 128],
  ] as const) {
    events();
    failStart(bad(words));
    t.is((await call("POST", "/v1.50/containers/cc/start")).status, 400);
    t.is((await call("GET", "/v1.50/containers/cc/json")).json.State.ExitCode, code);
    t.deepEqual(events(), ["network connect", "network disconnect"]);
    t.is(controller.sandbox(id), undefined);
  }
  const rm = await made("rm", { HostConfig: { AutoRemove: true } });
  failStart(bad("executable file not found in $PATH"));
  const waited = call("POST", `/v1.50/containers/${rm}/wait?condition=removed`);
  t.is((await call("POST", `/v1.50/containers/${rm}/start`)).status, 400);
  t.is((await waited).text, '{"StatusCode":127}\n');
  t.is((await call("GET", `/v1.50/containers/${rm}/json`)).status, 404);
  t.is(controller.member(rm), undefined);
});

test("events come in dockerd's order", async (t) => {
  const { call, made, events, exit } = await harness(t);
  await made("evc", { Labels: { cl: "1" } });
  t.deepEqual(events(), ["container create"]);
  await call("POST", "/v1.50/containers/evc/start");
  t.deepEqual(events(), ["network connect", "container start"]);
  await call("POST", "/v1.50/containers/evc/pause");
  await call("POST", "/v1.50/containers/evc/unpause");
  await call("POST", "/v1.50/containers/evc/rename?name=evd");
  await call("POST", "/v1.50/containers/evd/update", { Memory: 104857600 });
  await call("POST", "/v1.50/containers/evd/kill?signal=HUP");
  t.deepEqual(events(), ["container pause", "container unpause", "container rename", "container update", "container kill"]);
  t.is((await call("POST", "/v1.50/containers/evd/stop?t=2")).status, 204);
  t.deepEqual(events(), ["container kill", "network disconnect", "container stop", "container die"]);
  t.is((await call("POST", "/v1.50/containers/evd/stop")).status, 304);
  t.is((await call("POST", "/v1.50/containers/evd/restart?t=1")).status, 204);
  t.deepEqual(events(), ["network connect", "container start", "container restart"]);
  t.is((await call("POST", "/v1.50/containers/evd/restart")).status, 204);
  t.deepEqual(events(), [
    ...["container kill", "network disconnect", "container stop", "container die"],
    ...["network connect", "container start", "container restart"],
  ]);
  t.is((await call("DELETE", "/v1.50/containers/evd?force=1")).status, 204);
  t.deepEqual(events(), ["container kill", "network disconnect", "container die", "container destroy"]);

  await made("evr", { HostConfig: { AutoRemove: true } });
  await call("POST", "/v1.50/containers/evr/start");
  events();
  const seen: string[] = [];
  exit("evr", 0);
  await until(() => seen.push(...events()) > 0 && seen.includes("container destroy"));
  t.deepEqual(seen, ["network disconnect", "container die", "container destroy"]);
});

test("attributes of events, filters, since and until", async (t) => {
  const { call, made } = await harness(t);
  await made("evc", { Labels: { cl: "1" } });
  await call("POST", "/v1.50/containers/evc/start");
  await call("POST", "/v1.50/containers/evc/rename?name=evd");
  const lines = async (query: string) =>
    (await call("GET", `/v1.50/events?until=${Math.floor(Date.now() / 1000) + 1}&${query}`)).text
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const [first, ...rest] = await lines('filters={"type":["container"]}');
  t.is(keys(first), "status id from Type Action Actor scope time timeNano");
  t.deepEqual(first.Actor.Attributes, { cl: "1", image: "alpine", name: "evc" });
  t.deepEqual(rest.at(-1).Actor.Attributes, { cl: "1", image: "alpine", name: "evd", oldName: "/evc" });
  const [connect] = await lines('filters={"event":["connect"]}');
  t.is(keys(connect), "Type Action Actor scope time timeNano");
  t.is(keys(connect.Actor.Attributes), "container name type");
});

test("codes of verbs that do not fit the state", async (t) => {
  const { call, made } = await harness(t);
  const id = await made("c1");
  const post = async (path: string, body?: object) => {
    const { status, json } = await call("POST", `/v1.50/containers/${path}`, body);
    return [status, json?.message];
  };
  t.deepEqual(await post("c1/kill"), [409, `cannot kill container: c1: container ${id} is not running`]);
  t.deepEqual(await post("c1/unpause"), [500, `Container ${id} is not paused`]);
  t.deepEqual(await post("c1/pause"), [409, `Container ${id} is not running`]);
  t.deepEqual(await post("c1/exec", { Cmd: ["true"] }), [409, `container ${id} is not running`]);
  t.deepEqual(await post("c1/resize?h=1&w=1"), [409, `container ${id} is not running`]);
  t.like(await call("GET", "/v1.50/containers/c1/top"), { status: 409, json: { message: `container ${id} is not running` } });
  await post("c1/start");
  t.deepEqual(await post("c1/resize?h=x&w=1"), [400, 'invalid resize height "x": invalid syntax']);
  t.deepEqual(await post("c1/kill?signal=FOO"), [400, "cannot kill container: c1: invalid signal: FOO"]);
  t.deepEqual(await post("c1/wait?condition=foo"), [400, 'invalid condition: "foo"']);
  t.deepEqual(await post("nosuch/wait?condition=removed"), [404, "No such container: nosuch"]);
  t.deepEqual(await post("c1/exec", {}), [400, "No exec command specified"]);
  t.like(await call("DELETE", "/v1.50/containers/c1"), {
    status: 409,
    json: { message: 'cannot remove container "c1": container is running: stop the container before removing or force remove' },
  });
  await post("c1/pause");
  t.deepEqual(await post("c1/pause"), [409, `Container ${id} is already paused`]);
  t.deepEqual(await post("c1/exec", { Cmd: ["true"] }), [409, "Container c1 is paused, unpause the container before exec"]);
  t.deepEqual(await post("c1/start"), [409, "cannot start a paused container, try unpause instead"]);
  for (const verb of ["start", "stop", "restart", "kill", "pause", "unpause", "rename?name=xx"])
    t.deepEqual(await post(`nosuch/${verb}`), [404, "No such container: nosuch"]);
  t.is((await call("GET", "/v1.51/containers/c1/logs")).json.message, "Bad parameters: you must choose at least one stream");
  t.like(await call("GET", "/v1.51/exec/nosuch/json"), { status: 404, json: { message: "No such exec instance: nosuch" } });
  t.like(await call("POST", "/v1.51/exec/nosuch/start", { Detach: false }), { status: 404 });
  await made("c2");
  t.deepEqual((await post("c2/rename?name=c1"))[0], 409);
  t.regex((await post("c2/rename?name=c1"))[1], /^Error when allocating new name: Conflict\. The container name "\/c1" is already in use/);
});

test("connect and disconnect", async (t) => {
  const { call, made } = await harness(t);
  await call("POST", "/v1.50/networks/create", { Name: "n1" });
  const id = await made("a1");
  await call("POST", "/v1.50/containers/a1/start");
  const connect = (network: string, body: object) => call("POST", `/v1.50/networks/${network}/connect`, body);
  t.like(await connect("n1", { Container: "a1", EndpointConfig: { IPAMConfig: {}, Aliases: ["x"], Links: null } }), {
    status: 200,
    text: "",
  });
  t.like(await connect("n1", { Container: "a1" }), {
    status: 403,
    json: { message: "endpoint with name a1 already exists in network n1" },
  });
  t.like(await connect("n1", { Container: "nosuch" }), { status: 404, json: { message: "No such container: nosuch" } });
  t.like(await connect("nosuchnet", { Container: "a1" }), { status: 404, json: { message: "network nosuchnet not found" } });
  t.is((await connect("n1", {})).status, 400);
  t.deepEqual((await call("GET", "/v1.50/containers/a1/json")).json.NetworkSettings.Networks.n1.DNSNames, ["a1", "x", id.slice(0, 12)]);
  const disconnect = (body: object) => call("POST", "/v1.50/networks/n1/disconnect", body);
  t.like(await disconnect({ Container: "a1", Force: false }), { status: 200, text: "" });
  t.like(await disconnect({ Container: "a1", Force: false }), {
    status: 500,
    json: { message: `container ${id} is not connected to network n1` },
  });
  t.like(await disconnect({ Container: "nosuch", Force: false }), { status: 404 });
});

test("restart policies bring back, count, and respect a person's stop", async (t) => {
  const { call, made, exit, containers } = await harness(t);
  const policy = (Name: string, MaximumRetryCount = 0) => ({ HostConfig: { RestartPolicy: { Name, MaximumRetryCount } } });
  const statusOf = (name: string) => containers.find(name).state.status;
  await made("always", policy("always"));
  await made("twice", policy("on-failure", 1));
  for (const name of ["always", "twice"]) await call("POST", `/v1.50/containers/${name}/start`);
  exit("always", 0);
  await until(() => statusOf("always") === "restarting");
  t.is((await call("GET", "/v1.50/containers/always/json")).json.State.Status, "restarting");
  await until(() => statusOf("always") === "running");
  t.is((await call("GET", "/v1.50/containers/always/json")).json.RestartCount, 1);
  exit("twice", 1);
  await until(() => statusOf("twice") === "running");
  exit("twice", 1);
  await until(() => statusOf("twice") === "exited");
  t.is((await call("POST", "/v1.50/containers/always/stop")).status, 204);
  t.is(statusOf("always"), "exited");
  await call("POST", "/v1.50/containers/always/start");
  exit("always", 1);
  await until(() => statusOf("always") === "restarting");
  t.is((await call("POST", "/v1.50/containers/always/stop")).status, 204, "a waiting restart is called off");
  t.is((await call("GET", "/v1.50/containers/always/json")).json.State.Status, "exited");
  t.true(containers.find("always").stoppedByHand, "also a daemon that starts anew leaves it down");
  t.is((await call("DELETE", "/v1.50/containers/always")).status, 204);
});

test("a stop that needs SIGKILL tells both signals", async (t) => {
  const { call, made, told } = await harness(t);
  await made("deaf");
  await call("POST", "/v1.50/containers/deaf/start");
  told.length = 0;
  t.is((await call("POST", "/v1.50/containers/deaf/stop?t=0")).status, 204);
  t.deepEqual(
    told.map(({ action, attributes }) => [action, attributes.signal ?? attributes.exitCode ?? ""].join(" ").trim()),
    ["kill 15", "kill 9", "disconnect", "stop", "die 137"],
  );
});

test("changes are null when there are none", async (t) => {
  const { call, made } = await harness(t);
  await made("cc");
  t.like(await call("GET", "/v1.50/containers/cc/changes"), { status: 200, text: "null\n" });
  t.is((await call("GET", "/v1.50/containers/nosuch/changes")).status, 404);
});

test("a start right after an end waits until the end was dealt with", async (t) => {
  const { call, made, exit, controller } = await harness(t);
  const id = await made("cc");
  for (let i = 0; i < 5; i++) {
    await call("POST", "/v1.50/containers/cc/start");
    exit("cc", 0);
    t.is((await call("POST", "/v1.50/containers/cc/start")).status, 204);
    t.is(controller.sandbox(id)?.state, "open");
    exit("cc", 0);
    await until(() => controller.sandbox(id) === undefined);
  }
});

test("wait answers when it ends, prune takes what does not run", async (t) => {
  const { call, made, exit } = await harness(t);
  await made("cc");
  t.is((await call("POST", "/v1.50/containers/cc/wait")).text, '{"StatusCode":0}\n');
  const next = call("POST", "/v1.50/containers/cc/wait?condition=next-exit");
  await call("POST", "/v1.50/containers/cc/start");
  exit("cc", 4);
  t.is((await next).text, '{"StatusCode":4}\n');
  await made("kept");
  await call("POST", "/v1.50/containers/kept/start");
  const pruned = (await call("POST", "/v1.50/containers/prune")).json;
  t.is(pruned.ContainersDeleted.length, 1);
  t.deepEqual((await call("POST", "/v1.50/containers/prune")).json, { ContainersDeleted: null, SpaceReclaimed: 0 });
});

test("exec: create, inspect, detached start", async (t) => {
  const { call, made, events } = await harness(t);
  await made("cc");
  await call("POST", "/v1.50/containers/cc/start");
  events();
  const { status, json } = await call("POST", "/v1.50/containers/cc/exec", {
    Cmd: ["sh", "-c", "exit 7"],
    AttachStdout: true,
    User: "0",
    ConsoleSize: [24, 80],
  });
  t.is(status, 201);
  t.like(await call("POST", `/v1.50/exec/${json.Id}/start`, { Detach: true, Tty: false }), { status: 200, text: "" });
  const exec = (await call("GET", `/v1.50/exec/${json.Id}/json`)).json;
  t.is(keys(exec), "ID Running ExitCode ProcessConfig OpenStdin OpenStderr OpenStdout CanRemove ContainerID DetachKeys Pid");
  t.deepEqual(exec.ProcessConfig, { tty: false, entrypoint: "sh", arguments: ["-c", "exit 7"], privileged: false, user: "0" });
  t.is((await call("POST", `/v1.50/exec/${json.Id}/resize?h=24&w=80`)).status, 200);
  t.deepEqual(events(), ["container exec_create: sh -c exit 7", "container exec_start: sh -c exit 7", "container exec_die"]);
  t.deepEqual((await call("GET", "/v1.50/containers/cc/json")).json.ExecIDs, [json.Id]);
});

test("logs: frames, times, details, old versions", async (t) => {
  const { call, made, lines } = await harness(t);
  await made("cc");
  lines("cc", [
    { stream: 1, text: "hello\n" },
    { stream: 2, text: "bye\n" },
  ]);
  const logs = await call("GET", "/v1.50/containers/cc/logs?stdout=1&stderr=1&tail=all");
  t.is(logs.headers["content-type"], "application/vnd.docker.multiplexed-stream");
  t.is(logs.text, "\x01\0\0\0\0\0\0\x06hello\n\x02\0\0\0\0\0\0\x04bye\n");
  t.is((await call("GET", "/v1.41/containers/cc/logs?stdout=1")).headers["content-type"], "application/vnd.docker.raw-stream");
  const dressed = await call("GET", "/v1.50/containers/cc/logs?stderr=1&timestamps=1&details=1&tail=1");
  t.is(dressed.text.slice(8), "2026-11-24T00:34:27.607056905Z  bye\n");
});
