import test from "ava";
import { fakeDaemon } from "./fake-daemon.ts";
import { shell } from "./fake-io.ts";

const NETWORKS = [
  { Id: "b".repeat(64), Name: "my-net", Driver: "bridge", Scope: "local", IPAM: { Config: [{ Subnet: "172.18.0.0/16" }] } },
  { Id: "a".repeat(64), Name: "bridge", Driver: "bridge", Scope: "local", IPAM: { Config: [{ Subnet: "172.17.0.0/16" }] } },
];

test("network ls: a table for eyes, tabs for a pipe, one JSON value for a program", async (t) => {
  await using daemon = await fakeDaemon({ "GET /networks": { body: NETWORKS } });
  t.is(
    (await shell(daemon.host, { tty: true }).run("network", "ls")).stdout,
    [
      "NETWORK ID     NAME     DRIVER   SCOPE   SUBNETS",
      "aaaaaaaaaaaa   bridge   bridge   local   172.17.0.0/16",
      "bbbbbbbbbbbb   my-net   bridge   local   172.18.0.0/16",
      "",
    ].join("\n"),
  );
  t.is((await shell(daemon.host).run("network", "ls")).stdout.split("\n")[1], "aaaaaaaaaaaa\tbridge\tbridge\tlocal\t172.17.0.0/16");
  t.deepEqual(JSON.parse((await shell(daemon.host).run("network", "ls", "--format", "json")).stdout), NETWORKS);
  t.is((await shell(daemon.host).run("network", "ls", "-q", "--no-trunc")).stdout.split("\n")[0], "b".repeat(64));
});

test("network ls: filters are sent as the API takes them", async (t) => {
  await using daemon = await fakeDaemon({ "GET /networks": { body: [] } });
  await shell(daemon.host).run("network", "ls", "-f", "driver=bridge", "-f", "label=a=b", "-f", "label=c");
  t.deepEqual(JSON.parse(daemon.seen[0]?.query.filters?.[0] ?? ""), { driver: { bridge: true }, label: { "a=b": true, c: true } });
  t.is((await shell(daemon.host).run("network", "ls", "-f", "nonsense")).status, 2);
});

test("network create: every flag arrives where it belongs", async (t) => {
  await using daemon = await fakeDaemon({
    "POST /networks/create": { status: 201, body: { Id: "c".repeat(64), Warning: "mind the gap" } },
  });
  const argv =
    "network create -d bridge --subnet 10.1.0.0/16 --subnet fd00:1::/64 --gateway fd00:1::1 --gateway 10.1.0.254 --ip-range 10.1.8.0/24".split(
      " ",
    );
  const more = "--aux-address r1=10.1.0.1 --internal --attachable --ipv6 --label k=v --label k2 -o mtu=1400 --ipam-opt foo=bar lab".split(
    " ",
  );
  const { status, stdout, stderr } = await shell(daemon.host).run(...argv, ...more);
  t.deepEqual([status, stdout, stderr], [0, `${"c".repeat(64)}\n`, "netloom: warning: mind the gap\n"]);
  t.deepEqual(daemon.seen[0]?.body, {
    Name: "lab",
    Driver: "bridge",
    IPAM: {
      Driver: "default",
      Options: { foo: "bar" },
      Config: [
        { Subnet: "10.1.0.0/16", IPRange: "10.1.8.0/24", Gateway: "10.1.0.254", AuxiliaryAddresses: { r1: "10.1.0.1" } },
        { Subnet: "fd00:1::/64", Gateway: "fd00:1::1" },
      ],
    },
    Internal: true,
    Attachable: true,
    Options: { mtu: "1400" },
    Labels: { k: "v", k2: "" },
    EnableIPv6: true,
  });
});

test("network create: a gateway, range or auxiliary address outside of every subnet is told before the daemon is asked", async (t) => {
  await using daemon = await fakeDaemon({});
  for (const flag of ["--gateway=10.2.0.1", "--ip-range=10.2.0.0/24", "--aux-address=x=10.2.0.9"]) {
    const { status, stderr } = await shell(daemon.host).run("network", "create", "--subnet", "10.1.0.0/16", flag, "lab");
    t.is(status, 2);
    t.regex(stderr, /^netloom: --\S+ \S+ lies in no --subnet\n/);
  }
  t.is(daemon.seen.length, 0);
});

test("network connect and disconnect: names with odd characters stay one path member", async (t) => {
  await using daemon = await fakeDaemon({ "POST /networks/a/b/connect": {}, "POST /networks/n/disconnect": {} });
  t.is((await shell(daemon.host).run("network", "connect", "--ip", "10.1.0.9", "--alias", "db", "--alias", "sql", "a/b", "web")).status, 0);
  t.is((await shell(daemon.host).run("network", "disconnect", "-f", "n", "web")).status, 0);
  t.deepEqual(daemon.seen[0]?.body, {
    Container: "web",
    EndpointConfig: {
      IPAMConfig: { IPv4Address: "10.1.0.9" },
      Aliases: ["db", "sql"],
      Links: null,
      DriverOpts: {},
      MacAddress: "",
      GwPriority: 0,
    },
  });
  t.deepEqual(daemon.seen[1]?.body, { Container: "web", Force: true });
});

test("several things: one that fails does not stop the others", async (t) => {
  await using daemon = await fakeDaemon({
    "DELETE /networks/a": { status: 204 },
    "DELETE /networks/b": { status: 403, body: { message: "network b has active endpoints", hint: "disconnect them first" } },
    "DELETE /networks/c": { status: 204 },
  });
  const ran = await shell(daemon.host).run("network", "rm", "a", "b", "c");
  t.deepEqual(ran, { status: 1, stdout: "a\nc\n", stderr: "netloom: network b has active endpoints\ndisconnect them first\n" });
  t.is((await shell(daemon.host).run("network", "rm", "--format", "json", "a", "b", "c")).stdout, '["a","c"]\n');
});

test("inspect: containers, then networks, then images; what is missing is told, what was found is printed", async (t) => {
  await using daemon = await fakeDaemon({
    "GET /networks/n1": { body: { Name: "n1" } },
    "GET /images/alpine/json": { body: { Id: "sha256:1" } },
  });
  const ran = await shell(daemon.host).run("inspect", "--format", "json", "n1", "nosuch", "alpine");
  t.deepEqual(ran, {
    status: 1,
    stdout: '[{"Name":"n1"},{"Id":"sha256:1"}]\n',
    stderr: "netloom: no such container, network, image: nosuch\n",
  });
  t.is((await shell(daemon.host).run("network", "inspect", "n1")).stdout, '[\n    {\n        "Name": "n1"\n    }\n]\n');
});

test("ps: ports and networks are shown", async (t) => {
  const row = {
    Id: "d".repeat(64),
    Names: ["/web"],
    Image: "alpine",
    Command: "httpd -f -h /www/with/a/long/name",
    Created: 0,
    Status: "Up 2 seconds",
    Ports: [
      { PrivatePort: 81, Type: "tcp" },
      { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
      { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    ],
    NetworkSettings: { Networks: { "my-net": { IPAddress: "172.18.0.2", GlobalIPv6Address: "" } } },
  };
  await using daemon = await fakeDaemon({ "GET /containers/json": { body: [row] } });
  const [, line = ""] = (await shell(daemon.host).run("ps", "-a", "-n", "3")).stdout.split("\n");
  t.deepEqual(line.split("\t").toSpliced(3, 1), [
    "dddddddddddd",
    "alpine",
    '"httpd -f -h /www/wi…"',
    "Up 2 seconds",
    "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 81/tcp",
    "my-net 172.18.0.2",
    "web",
  ]);
  t.deepEqual(daemon.seen[0]?.query, { all: ["1"], limit: ["3"] });
});

test("stop, start, kill and rm send what docker sends", async (t) => {
  const none = { status: 204 };
  await using daemon = await fakeDaemon({
    "POST /containers/a/stop": none,
    "POST /containers/a/start": { status: 304 },
    "POST /containers/a/kill": none,
    "DELETE /containers/a": none,
    "DELETE /containers/b": { status: 404, body: { message: "No such container: b" } },
  });
  for (const argv of ["stop -t 1 -s INT a", "start a", "kill -s HUP a", "rm -fv a", "rm -f b"])
    t.is((await shell(daemon.host).run(...argv.split(" "))).status, 0, argv);
  t.deepEqual(
    daemon.seen.map(({ query }) => query),
    [{ t: ["1"], signal: ["INT"] }, {}, { signal: ["HUP"] }, { force: ["1"], v: ["1"] }, { force: ["1"] }],
  );
  t.is((await shell(daemon.host).run("rm", "b")).status, 1);
});

test("network prune asks, and without anybody to ask it does nothing", async (t) => {
  await using daemon = await fakeDaemon({ "POST /networks/prune": { body: { NetworksDeleted: ["a", "b"] } } });
  t.is((await shell(daemon.host).run("network", "prune")).status, 2);
  t.is((await shell(daemon.host, { tty: true, input: "n\n" }).run("network", "prune")).status, 1);
  t.is(daemon.seen.length, 0);
  t.is((await shell(daemon.host, { tty: true, input: "y\n" }).run("network", "prune")).stdout, "a\nb\n");
  t.is((await shell(daemon.host).run("network", "prune", "-f", "--format", "json")).stdout, '["a","b"]\n');
});

test("images and import", async (t) => {
  const images = [{ Id: `sha256:${"e".repeat(64)}`, RepoTags: ["localhost:5000/x/alp:1", "alpine:latest"], Created: 0, Size: 1_984_178 }];
  await using daemon = await fakeDaemon({
    "GET /images/json": { body: images },
    "POST /images/create": ({ body }) => ({
      type: "application/json",
      body: body?.toString() === "a tar" ? '{"status":"sha256:1"}\r\n' : '{"error":"no tar"}\r\n',
    }),
  });
  const { stdout } = await shell(daemon.host).run("images");
  t.regex(stdout, /^localhost:5000\/x\/alp\t1\teeeeeeeeeeee\t.*\t1\.98MB$/m);
  t.deepEqual(await shell(daemon.host, { input: "a tar" }).run("import", "-c", "CMD sh", "-", "alpine"), {
    status: 0,
    stdout: "sha256:1\n",
    stderr: "",
  });
  t.deepEqual(daemon.seen[1]?.query, { fromSrc: ["-"], repo: ["alpine"], changes: ["CMD sh"] });
  t.deepEqual(await shell(daemon.host, { input: "junk" }).run("import", "-"), { status: 1, stdout: "", stderr: "netloom: no tar\n" });
  t.is((await shell(daemon.host).run("import", "/nosuch/file")).status, 2);
});

test("version, info and events", async (t) => {
  const event = { Type: "network", Action: "connect", Actor: { ID: "f".repeat(64), Attributes: { name: "my-net" } }, timeNano: 1e18 };
  await using daemon = await fakeDaemon({
    "GET /version": {
      body: { Version: "0.1.0", ApiVersion: "1.51", MinAPIVersion: "1.40", Os: "linux", Arch: "amd64", KernelVersion: "6.18" },
    },
    "GET /info": { body: { Name: "host", Empty: "", None: null, Containers: 0, Plugins: { Network: ["bridge"] } } },
    "GET /events": { type: "application/json", body: `${JSON.stringify(event)}\n${JSON.stringify(event)}\n` },
  });
  t.regex(
    (await shell(daemon.host).run("version")).stdout,
    /^server {2}netloom|^server {2}0\.1\.0|server {2}netloom 0\.1\.0|API 1\.40 to 1\.51/m,
  );
  t.is((await shell(daemon.host).run("info")).stdout, 'Name: host\nContainers: 0\nPlugins: {"Network":["bridge"]}\n');
  t.is(
    (await shell(daemon.host).run("events", "--since", "100")).stdout.split("\n")[0],
    "2001-09-09T01:46:40.000Z network connect ffffffffffff (name=my-net)",
  );
  t.deepEqual(daemon.seen.at(-1)?.query, { since: ["100"] });
});

test("a daemon that is not there, a wrong host and a wrong command line", async (t) => {
  const nobody = shell("unix:///nosuch/netloom.sock");
  t.deepEqual(await nobody.run("ps"), {
    status: 1,
    stdout: "",
    stderr: "netloom: cannot reach netloomd at unix:///nosuch/netloom.sock: is it running? start it with: netloomd\n",
  });
  t.is((await shell("nonsense").run("ps")).status, 2);
  t.is((await shell("unix:///x").run("-H", "tcp://h:99999", "ps")).status, 2);
  for (const argv of [
    ["bogus"],
    [],
    ["network"],
    ["ps", "--bogus"],
    ["network", "connect", "only-one"],
    ["stop", "-t", "soon", "a"],
    ["ps", "--format", "yaml"],
  ]) {
    t.is((await shell("unix:///x").run(...argv)).status, 2, argv.join(" "));
  }
});

test("every help ends with examples", async (t) => {
  const groups = [
    "",
    "network",
    "network create",
    "network connect",
    "network disconnect",
    "network ls",
    "network inspect",
    "network rm",
    "network prune",
  ];
  const verbs = [
    "run",
    "exec",
    "ps",
    "start",
    "stop",
    "kill",
    "rm",
    "logs",
    "inspect",
    "images",
    "import",
    "version",
    "info",
    "events",
    "completion",
  ];
  for (const verb of [...groups, ...verbs]) {
    const { status, stdout } = await shell("unix:///x").run(...verb.split(" ").filter(Boolean), "--help");
    t.is(status, 0);
    t.regex(stdout, /\nExamples:\n {2}\$ /, verb);
  }
});

test("completion follows the words to commands, flags and the daemon's names", async (t) => {
  await using daemon = await fakeDaemon({ "GET /networks": { body: NETWORKS }, "GET /containers/json": { body: [{ Names: ["/web"] }] } });
  const complete = async (...words: string[]) => (await shell(daemon.host).run("__complete", "--", ...words)).stdout.trim().split("\n");
  t.deepEqual(await complete("network", "c"), ["connect", "create"]);
  t.deepEqual(await complete("network", "create", "--ip"), ["--ip-range", "--ipam-driver", "--ipam-opt", "--ipv4", "--ipv6"]);
  t.deepEqual(await complete("network", "connect", "--ip", "10.0.0.1", ""), ["bridge", "my-net"]);
  t.deepEqual(await complete("network", "connect", "my-net", ""), ["web"]);
  t.deepEqual(await complete("network", "disconnect", "my-net", "web", ""), [""]);
  for (const name of ["bash", "zsh", "fish"]) t.regex((await shell(daemon.host).run("completion", name)).stdout, /netloom __complete/);
  t.is((await shell(daemon.host).run("completion", "tcsh")).status, 2);
});
