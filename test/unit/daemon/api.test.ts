import test from "ava";
import { NetError } from "../../../src/model/errors.ts";
import { harness } from "./harness.ts";

const keys = (value: object) => Object.keys(value).join(" ");

test("ping, version and headers", async (t) => {
  const { call } = await harness(t);
  const ping = await call("HEAD", "/_ping");
  t.like(ping, { status: 200, text: "" });
  t.like(ping.headers, {
    "api-version": "1.51",
    "docker-experimental": "false",
    ostype: "linux",
    server: "Netloom/0.1.0 (linux)",
    "content-type": "text/plain; charset=utf-8",
    "content-length": "0",
    "cache-control": "no-cache, no-store, must-revalidate",
    pragma: "no-cache",
    swarm: "inactive",
  });
  t.is((await call("GET", "/_ping")).text, "OK");
  const version = await call("GET", "/v1.50/version");
  t.is(version.headers["content-type"], "application/json");
  t.true(version.text.endsWith("}\n"));
  t.is(keys(version.json), "Platform Components Version ApiVersion MinAPIVersion GitCommit GoVersion Os Arch KernelVersion BuildTime");
  t.is(
    keys(version.json.Components[0].Details),
    "ApiVersion Arch BuildTime Experimental GitCommit GoVersion KernelVersion MinAPIVersion Os",
  );
});

test("versions out of range, unknown paths and methods", async (t) => {
  const { call } = await harness(t);
  const newer = await call("GET", "/v1.99/version");
  t.like(newer, { status: 400, json: { message: "client version 1.99 is too new. Maximum supported API version is 1.51" } });
  const older = await call("GET", "/v1.20/version");
  t.is(older.status, 400);
  t.is(older.headers["content-type"], "text/plain; charset=utf-8");
  t.is(older.headers["x-content-type-options"], "nosniff");
  t.is(
    older.text,
    "client version 1.20 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version\n",
  );
  for (const [method, url] of [
    ["GET", "/v1.51/nosuch"],
    ["PUT", "/v1.51/info"],
    ["HEAD", "/v1.51/info"],
  ] as const) {
    const answer = await call(method, url);
    t.is(answer.status, 404);
    t.is(answer.headers["api-version"], undefined);
    if (method !== "HEAD") t.is(answer.text, '{"message":"page not found"}');
  }
});

test("info has dockerd's members in dockerd's order", async (t) => {
  const { call } = await harness(t);
  const { json } = await call("GET", "/v1.50/info");
  t.is(
    keys(json),
    "ID Containers ContainersRunning ContainersPaused ContainersStopped Images Driver DriverStatus Plugins MemoryLimit SwapLimit KernelMemoryTCP " +
      "CpuCfsPeriod CpuCfsQuota CPUShares CPUSet PidsLimit IPv4Forwarding Debug NFd OomKillDisable NGoroutines SystemTime LoggingDriver CgroupDriver " +
      "CgroupVersion NEventsListener KernelVersion OperatingSystem OSVersion OSType Architecture IndexServerAddress RegistryConfig NCPU MemTotal " +
      "GenericResources DockerRootDir HttpProxy HttpsProxy NoProxy Name Labels ExperimentalBuild ServerVersion Runtimes DefaultRuntime Swarm " +
      "LiveRestoreEnabled Isolation InitBinary ContainerdCommit RuncCommit InitCommit SecurityOptions DefaultAddressPools FirewallBackend CDISpecDirs Warnings",
  );
});

test("JSON hygiene", async (t) => {
  const { call } = await harness(t);
  const create = (body: string, headers?: Record<string, string>) => call("POST", "/v1.51/networks/create", body, headers);
  const cases: [string, Record<string, string> | undefined, string | RegExp][] = [
    ['{"Name":', undefined, "invalid JSON: unexpected EOF"],
    ['{"Name":"x', undefined, "invalid JSON: unexpected EOF"],
    ["{x}", undefined, /^invalid JSON: /],
    ['{"Name":1}', undefined, "invalid JSON: Name must be string"],
    ['{"Name":"x","IPAM":{"Config":[{"Subnet":1}]}}', undefined, "invalid JSON: IPAM.Config.0.Subnet must be string"],
    ["[]", undefined, /^invalid JSON: /],
    ['{"Name":"x"} {"a":1}', undefined, "unexpected content after JSON"],
    ["", undefined, "invalid name: name is empty"],
    ['{"Name":""}', undefined, "invalid name: name is empty"],
    ['{"Name":null}', undefined, "invalid name: name is empty"],
    ["null", undefined, "invalid name: name is empty"],
    ['{"Name":"x"}', { "content-type": "text/plain" }, "unsupported Content-Type header (text/plain): must be 'application/json'"],
    ['{"Name":"x"}', { "content-type": "" }, "malformed Content-Type header (): mime: no media type"],
  ];
  for (const [body, headers, message] of cases) {
    const answer = await create(body, headers);
    t.is(answer.status, 400, body);
    if (typeof message === "string") t.is(answer.json.message, message, body);
    else t.regex(answer.json.message, message, body);
    t.true(answer.text.endsWith("}\n"));
  }
  t.is((await create('{"Name":"rawx","Foo":1}')).status, 201);
  t.is((await create('{"Name":"charset"}', { "content-type": "application/json; charset=utf-8" })).status, 201);
  const long = await create(`{"Name":"${"x".repeat(5 * 1024 * 1024)}"}`);
  t.is(long.status, 413);
});

test("networks: create, inspect, list, remove", async (t) => {
  const { call } = await harness(t);
  const created = await call("POST", "/v1.50/networks/create", {
    Name: "n2",
    Driver: "bridge",
    IPAM: {
      Driver: "default",
      Options: { foo: "bar" },
      Config: [{ Subnet: "10.10.0.0/16", IPRange: "10.10.5.0/24", Gateway: "10.10.5.254", AuxiliaryAddresses: { r1: "10.10.5.1" } }],
    },
    Options: { "com.docker.network.bridge.name": "br-x" },
    Labels: { k2: "", k: "v" },
  });
  t.is(created.status, 201);
  t.is(keys(created.json), "Id Warning");
  const { json } = await call("GET", "/v1.50/networks/n2");
  t.is(
    keys(json),
    "Name Id Created Scope Driver EnableIPv4 EnableIPv6 IPAM Internal Attachable Ingress ConfigFrom ConfigOnly Containers Options Labels",
  );
  t.deepEqual(json.IPAM, {
    Driver: "default",
    Options: { foo: "bar" },
    Config: [{ Subnet: "10.10.0.0/16", IPRange: "10.10.5.0/24", Gateway: "10.10.5.254", AuxiliaryAddresses: { r1: "10.10.5.1" } }],
  });
  t.is(keys(json.Labels), "k k2");
  const host = await call("GET", "/v1.50/networks/host");
  t.deepEqual(host.json.IPAM, { Driver: "default", Options: null, Config: null });
  t.deepEqual(host.json.Containers, {});

  await call("POST", "/v1.50/networks/create", { Name: "given", IPAM: { Config: [{ Subnet: "10.20.0.0/24" }] } });
  t.deepEqual((await call("GET", "/v1.50/networks/given")).json.IPAM.Config, [{ Subnet: "10.20.0.0/24" }]);

  const names = async (filters: object) =>
    (await call("GET", `/v1.50/networks?filters=${encodeURIComponent(JSON.stringify(filters))}`)).json.map(
      (row: { Name: string }) => row.Name,
    );
  t.deepEqual(await names({ name: ["n2"] }), ["n2"]);
  t.deepEqual(await names({ type: { builtin: true } }), ["none", "host", "bridge"]);
  t.deepEqual(await names({ dangling: { true: true } }), ["n2", "given"]);
  t.deepEqual(await names({ label: { "k=v": true }, driver: { bridge: true } }), ["n2"]);
  t.deepEqual(await names({ id: { [created.json.Id.slice(0, 12)]: true } }), ["n2"]);

  t.like(await call("DELETE", "/v1.50/networks/n2"), { status: 204, text: "" });
  t.like(await call("DELETE", "/v1.50/networks/n2"), { status: 404, json: { message: "network n2 not found" } });
  t.like(await call("DELETE", "/v1.50/networks/bridge"), { status: 403 });
  t.like(await call("GET", "/v1.51/networks/n"), { status: 404 });
  t.like(await call("POST", "/v1.50/networks/create", { Name: "given" }), {
    status: 409,
    json: { message: "network with name given already exists" },
  });
  t.deepEqual((await call("POST", "/v1.50/networks/prune")).json, { NetworksDeleted: ["given"] });
  t.deepEqual((await call("POST", "/v1.50/networks/prune")).json, { NetworksDeleted: null });
});

test("bad addresses of a network are told all at once", async (t) => {
  const { call } = await harness(t);
  const create = async (pool: object) =>
    (await call("POST", "/v1.51/networks/create", { Name: "x", IPAM: { Config: [pool] } })).json.message;
  t.is(await create({ Subnet: "10.1.2.3/16" }), "invalid network config:\ninvalid subnet 10.1.2.3/16: it should be 10.1.0.0/16");
  t.is(
    await create({ Subnet: "10.1.0.0/16", IPRange: "10.0.0.0/8", Gateway: "10.2.0.1", AuxiliaryAddresses: { a: "x" } }),
    "invalid network config:\n" +
      "* invalid ip-range 10.0.0.0/8: CIDR block is bigger than its parent subnet 10.1.0.0/16\n" +
      "* invalid gateway 10.2.0.1: parent subnet 10.1.0.0/16 doesn't contain this address\n" +
      "* invalid auxiliary address a: invalid IP address: x",
  );
  t.is(
    await create({ Subnet: "10.1.0.0/16", IPRange: "fd00::/80" }),
    "invalid network config:\ninvalid ip-range fd00::/80: parent subnet is an IPv4 block",
  );
  t.regex(await create({ Subnet: "10.1.0.0/16", IPRange: "10.2.0.0/24" }), /parent subnet 10\.1\.0\.0\/16 doesn't contain ip-range$/);
});

test("filters that are wrong", async (t) => {
  const { call } = await harness(t);
  const get = (path: string, filters: string) => call("GET", `/v1.51${path}?filters=${encodeURIComponent(filters)}`);
  t.like(await get("/networks", '{"foo":{"bar":true}}'), { status: 400, json: { message: "invalid filter 'foo'" } });
  t.like(await get("/networks", "{x"), { status: 400, json: { message: "invalid filter" } });
  t.like(await get("/containers/json", '{"status":{"foo":true}}'), {
    status: 400,
    json: {
      message:
        "invalid filter 'status=foo': invalid value for state (foo): must be one of created, running, paused, restarting, removing, exited, dead",
    },
  });
  t.is((await get("/events", '{"foo":["x"]}')).status, 400);
  t.is((await call("GET", "/v1.51/events?since=abc")).status, 400);
});

test("an unforeseen error is 500 and logged, a foreseen one keeps its hint", async (t) => {
  const { call, containers, logged } = await harness(t);
  const find = containers.find;
  containers.find = () => {
    throw new TypeError("boom");
  };
  t.like(await call("GET", "/v1.51/containers/x/json"), { status: 500, json: { message: "boom" } });
  t.is(logged.length, 1);
  containers.find = () => {
    throw new NetError("notFound", "No such container: x", { hint: "look again" });
  };
  t.deepEqual((await call("GET", "/v1.51/containers/x/json")).json, { message: "No such container: x", hint: "look again" });
  t.is(logged.length, 1);
  containers.find = find;
});

test("images: list, inspect, history, remove, load, import, save, and what is not there", async (t) => {
  const { call } = await harness(t);
  const [first] = (await call("GET", "/v1.50/images/json")).json;
  t.is(keys(first), "Containers Created Id Labels ParentId RepoDigests RepoTags SharedSize Size");
  const image = (await call("GET", "/v1.50/images/docker.io/library/alpine:latest/json")).json;
  t.is(
    keys(image),
    "Id RepoTags RepoDigests Parent Comment Created DockerVersion Author Architecture Os Size GraphDriver RootFS Metadata Config",
  );
  t.is(keys(image.Config), "Cmd Entrypoint Env Labels OnBuild User Volumes WorkingDir");
  t.is(keys((await call("GET", "/v1.50/images/alpine/history")).json[0]), "Comment Created CreatedBy Id Size Tags");
  t.like(await call("GET", "/v1.50/images/nosuch/json"), { status: 404, json: { message: "No such image: nosuch:latest" } });
  t.like(await call("POST", "/v1.50/images/alpine:latest/tag?repo=docker.io%2Fother%2Fname&tag=v2"), { status: 201, text: "" });
  const removed = await call("DELETE", "/v1.50/images/alpine:latest");
  t.is(keys(removed.json[0]) + keys(removed.json[1]), "UntaggedDeleted");
  const loaded = await call("POST", "/v1.50/images/load?quiet=1", "x".repeat(1024), { "content-type": "application/x-tar" });
  t.is(loaded.text, '{"stream":"Loaded image: alpine:latest\\n"}\r\n');
  const broken = await call("POST", "/v1.50/images/load?quiet=1", "no tar", { "content-type": "application/x-tar" });
  t.is(broken.status, 200);
  t.is(broken.text, '{"errorDetail":{"message":"archive/tar: invalid tar header"},"error":"archive/tar: invalid tar header"}\r\n');
  const imported = await call("POST", "/v1.50/images/create?fromSrc=-&repo=alpine%3Alatest", "tar", { "content-type": "text/plain" });
  t.regex(imported.text, /^\{"status":"sha256:[0-9a-f]{64}"\}\r\n$/);
  t.is((await call("GET", "/v1.50/images/get?names=alpine&names=b")).text.length, 1024);
  t.is((await call("GET", "/v1.50/images/alpine/get")).headers["content-type"], "application/x-tar");
  t.like(await call("POST", "/v1.50/images/create?fromImage=nginx&tag=1"), { status: 501 });
  t.deepEqual((await call("POST", '/v1.50/images/prune?filters={"dangling":{"true":true}}')).json.SpaceReclaimed, 7);
  t.deepEqual((await call("POST", '/v1.50/images/prune?filters={"until":{"1000000h":true}}')).json, {
    ImagesDeleted: null,
    SpaceReclaimed: 0,
  });
});

test("volumes are folders", async (t) => {
  const { call, events } = await harness(t);
  const made = await call("POST", "/v1.50/volumes/create", { Name: "v1", Driver: "local", Labels: { a: "b" } });
  t.is(made.status, 201);
  t.is(keys(made.json), "CreatedAt Driver Labels Mountpoint Name Options Scope");
  t.deepEqual((await call("POST", "/v1.50/volumes/create", { Name: "v1" })).json, made.json);
  const anonymous = (await call("POST", "/v1.50/volumes/create", {})).json;
  t.deepEqual(anonymous.Labels, { "com.docker.volume.anonymous": "" });
  t.deepEqual((await call("GET", "/v1.50/volumes/v1")).json, made.json);
  t.is((await call("GET", "/v1.50/volumes")).json.Volumes.length, 2);
  t.is((await call("GET", '/v1.50/volumes?filters={"label":{"a":true}}')).json.Volumes.length, 1);
  t.like(await call("GET", "/v1.50/volumes/nosuchvol"), { status: 404, json: { message: "get nosuchvol: no such volume" } });
  t.like(await call("POST", "/v1.50/volumes/create", { Name: "b/ad" }), { status: 400 });
  t.like(await call("POST", "/v1.50/volumes/create", { Name: "vx", Driver: "nodrv" }), {
    status: 404,
    json: { message: 'create vx: error looking up volume plugin nodrv: plugin "nodrv" not found' },
  });
  t.deepEqual((await call("POST", "/v1.50/volumes/prune")).json, { VolumesDeleted: [anonymous.Name], SpaceReclaimed: 0 });
  t.like(await call("DELETE", "/v1.50/volumes/v1"), { status: 204 });
  t.like(await call("DELETE", "/v1.50/volumes/v1"), { status: 404 });
  t.like(await call("DELETE", "/v1.50/volumes/v1?force=1"), { status: 204 });
  t.like(await call("DELETE", "/v1.50/volumes/..%2F.."), { status: 404 });
  t.deepEqual(events(), ["volume create", "volume create", "volume destroy", "volume prune", "volume destroy"]);
});

test("what netloom does not have", async (t) => {
  const { call } = await harness(t);
  const noSwarm =
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
  for (const path of ["/swarm", "/services", "/nodes", "/tasks", "/secrets", "/configs"]) {
    t.like(await call("GET", `/v1.51${path}`), { status: 503, json: { message: noSwarm } }, path);
  }
  t.is((await call("GET", "/v1.51/plugins")).text, "[]\n");
  t.like(await call("GET", "/v1.51/plugins/nosuch/json"), { status: 404, json: { message: 'plugin "nosuch" not found' } });
  t.deepEqual((await call("POST", "/v1.51/build/prune?filters=")).json, { CachesDeleted: null, SpaceReclaimed: 0 });
  for (const path of ["/auth", "/build", "/commit", "/images/x/push", "/swarm/init"])
    t.is((await call("POST", `/v1.51${path}`)).status, 501, path);
  t.is((await call("GET", "/v1.51/images/search?term=x")).status, 501);
});

test("system df", async (t) => {
  const { call, made } = await harness(t);
  await made("c1");
  const { json } = await call("GET", "/v1.51/system/df");
  t.is(keys(json), "LayersSize Images Containers Volumes BuildCache");
  t.is(json.Images[0].Containers, 1);
  t.is(json.Containers[0].SizeRootFs, 1984178);
  t.deepEqual((await call("GET", "/v1.51/system/df?type=volume")).json, {
    LayersSize: 0,
    Images: null,
    Containers: null,
    Volumes: [],
    BuildCache: null,
  });
});
