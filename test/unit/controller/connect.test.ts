import test from "ava";
import { NetError } from "../../../src/model/errors.ts";
import { cidr, ip, member, spec, toy, wish } from "./house.ts";

/** Random ids and what follows from them, blanked. */
const plain = (log: string[]) => log.map((line) => line.replace(/[0-9a-f]{8,}/g, "#"));

test("the first container on a network: the session reads like one typed by hand", async (t) => {
  const machine = toy();
  const controller = machine.start();
  await controller.createNetwork(spec("my-net"));
  const web = member("web", ["my-net"], { ports: [{ protocol: "tcp", port: 80, hostPort: 8080, hostPortEnd: 8080 }] });
  controller.addMember(web);
  await controller.open(web.id);
  t.deepEqual(plain(machine.kernel.log), [
    "# ip link add br-# address 02:42:ac:12:00:01 type bridge",
    "# sysctl -w net/ipv6/conf/br-#/accept_ra=0",
    "# sysctl -w net/ipv6/conf/br-#/disable_ipv6=1",
    "# sysctl -w net/ipv4/ip_forward=1",
    "# ip addr add 172.18.0.1/16 dev br-#",
    "# ip link set br-# up",
    "# sysctl -w net/ipv4/conf/br-#/route_localnet=1",
    "# ip netns add /run/netloom/netns/#",
    "# hold 0.0.0.0:8080/tcp",
    "# ip link add veth# master br-# up type veth peer name eth0 netns #",
    "# ip link set 3 type bridge_slave hairpin on",
    "## ip addr add 172.18.0.2/16 dev 4",
    "## ip link set 4 up",
    "## ip route add 0.0.0.0/0 via 172.18.0.1 dev 4",
  ]);
});

test("ethN and addresses follow the order of joining; the gateway follows priority, then name", async (t) => {
  const machine = toy();
  const controller = machine.start();
  for (const name of ["b", "a", "c"]) await controller.createNetwork(spec(name));
  const row = member("m", ["b"]);
  controller.addMember(row);
  await controller.open(row.id);
  await controller.connect("a", row.id, wish());
  await controller.connect("c", row.id, wish({ gatewayPriority: 1 }));
  const legs = controller.endpoints(row.id);
  t.deepEqual(
    legs.map((leg) => leg.ifname),
    ["eth0", "eth1", "eth2"],
  );
  const sandbox = controller.sandbox(row.id)?.path ?? "";
  t.deepEqual(await machine.kernel.defaultRoutes({ path: sandbox }), [legs[2]?.gateway4]);
  await controller.disconnect("c", row.id, { force: false });
  t.deepEqual(await machine.kernel.defaultRoutes({ path: sandbox }), [legs[1]?.gateway4], "a comes before b");
  await controller.connect("c", row.id, wish());
  t.is(controller.endpoints(row.id).at(-1)?.ifname, "eth2", "the freed name is taken again");
});

test("an address, a MAC and aliases that were asked for are given", async (t) => {
  const machine = toy();
  const controller = machine.start();
  await controller.createNetwork(spec("n", { pools: [{ subnet: cidr("10.1.0.0/24"), aux: {} }] }));
  const row = member("db", []);
  controller.addMember(row);
  await controller.connect("n", row.id, wish({ ipv4: ip("10.1.0.77"), aliases: ["store", "db.internal"] }));
  await controller.open(row.id);
  const [leg] = controller.endpoints(row.id);
  t.is(leg?.ipv4, ip("10.1.0.77"));
  t.is(leg?.mac, "02:42:0a:01:00:4d" as NonNullable<typeof leg>["mac"]);
  t.deepEqual(leg?.names, ["db", "store", "db.internal", row.id.slice(0, 12)]);
});

const refusals: {
  what: string;
  code: string;
  message: RegExp;
  verb(c: ReturnType<ReturnType<typeof toy>["start"]>, id: string): Promise<unknown>;
}[] = [
  {
    what: "a network that is not there",
    code: "notFound",
    message: /^network nosuch not found$/,
    verb: (c, id) => c.connect("nosuch", id, wish()),
  },
  {
    what: "connecting twice",
    code: "forbidden",
    message: /^endpoint with name m already exists in network n$/,
    verb: (c, id) => c.connect("n", id, wish()),
  },
  {
    what: "an address outside",
    code: "invalid",
    message: /no configured subnet contains IP address 10\.99\.0\.1/,
    verb: (c, id) => c.connect("o", id, wish({ ipv4: ip("10.99.0.1") })),
  },
  {
    what: "the gateway's address",
    code: "forbidden",
    message: /Address already in use/,
    verb: (c, id) => c.connect("o", id, wish({ ipv4: ip("10.2.0.1") })),
  },
  {
    what: "a network in use",
    code: "forbidden",
    message: /network n has active endpoints \(name:"m" id:"[0-9a-f]{12}"\)/,
    verb: (c) => c.removeNetwork("n"),
  },
  {
    what: "a name that is taken",
    code: "conflict",
    message: /^network with name n already exists$/,
    verb: (c) => c.createNetwork(spec("n")),
  },
  { what: "a name with a slash", code: "invalid", message: /a\/b/, verb: (c) => c.createNetwork(spec("a/b")) },
  {
    what: "a reserved name",
    code: "forbidden",
    message: /not permitted on predefined bridge network/,
    verb: (c) => c.createNetwork(spec("bridge")),
  },
  {
    what: "an overlapping subnet",
    code: "forbidden",
    message: /Pool overlaps with other one on this address space/,
    verb: (c) => c.createNetwork(spec("p", { pools: [{ subnet: cidr("10.2.0.0/25"), aux: {} }] })),
  },
  {
    what: "a driver nobody has",
    code: "notFound",
    message: /plugin nosuch/,
    verb: (c) => c.createNetwork(spec("p", { driver: "nosuch" })),
  },
  {
    what: "an option nobody knows",
    code: "invalid",
    message: /unknown option "colour"/,
    verb: (c) => c.createNetwork(spec("p", { options: { colour: "red" } })),
  },
  {
    what: "leaving a network that one is not on",
    code: "internal",
    message: /is not connected to network o/,
    verb: (c, id) => c.disconnect("o", id, { force: false }),
  },
];

for (const { what, code, message, verb } of refusals) {
  test(`${what} is refused and changes nothing`, async (t) => {
    const machine = toy();
    const controller = machine.start();
    await controller.createNetwork(spec("n"));
    await controller.createNetwork(spec("o", { pools: [{ subnet: cidr("10.2.0.0/24"), aux: {} }] }));
    const row = member("m", ["n"]);
    controller.addMember(row);
    await controller.open(row.id);
    const before = machine.picture();
    const error = await t.throwsAsync(verb(controller, row.id), { instanceOf: NetError });
    t.is(error?.code, code as NetError["code"]);
    t.regex(error?.message ?? "", message);
    t.is(machine.picture(), before);
  });
}

test("a taken host port names its holder, and nothing stays of the one that failed", async (t) => {
  const machine = toy();
  const controller = machine.start();
  await controller.createNetwork(spec("n"));
  const ports = [{ protocol: "tcp" as const, port: 80, hostPort: 8080, hostPortEnd: 8080 }];
  const [first, second] = [member("first", ["n"], { ports }), member("second", ["n"], { ports })];
  for (const row of [first, second]) controller.addMember(row);
  await controller.open(first.id);
  const before = machine.picture();
  await t.throwsAsync(controller.open(second.id), {
    message:
      /^failed to set up container networking: driver failed programming external connectivity on endpoint second \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated by container first$/,
  });
  t.is(machine.picture(), before);
});

test("a restart keeps addresses, ports and names of those who live, in a mount namespace that sees no pins", async (t) => {
  const machine = toy();
  const controller = machine.start();
  await controller.createNetwork(spec("n"));
  const row = member("m", ["n"], { ports: [{ protocol: "tcp", port: 80, hostPort: 8080, hostPortEnd: 8080 }] });
  controller.addMember(row);
  await controller.open(row.id);
  const before = machine.picture();
  machine.die();
  machine.kernel.forgetPins();
  machine.rules.clear();
  machine.names.clear();
  await machine.start().restore(() => 4711);
  t.is(machine.picture(), before);
});

test("a stopped container's wishes are kept; its addresses are given back", async (t) => {
  const machine = toy();
  const controller = machine.start();
  await controller.createNetwork(spec("n"));
  const row = member("m", ["n"]);
  controller.addMember(row);
  const before = machine.picture();
  await controller.open(row.id);
  await controller.close(row.id);
  t.is(machine.picture(), before);
  await controller.open(row.id);
  t.is(controller.endpoints(row.id)[0]?.ipv4, ip("172.18.0.2"));
});

test("members on one network join and leave at the same time without getting in each other's way", async (t) => {
  const machine = toy();
  const controller = machine.start();
  await controller.createNetwork(spec("n"));
  const before = machine.picture();
  const rows = Array.from({ length: 20 }, (_, i) => member(`m${i}`, ["n"]));
  for (const row of rows) controller.addMember(row);
  await Promise.all(rows.map((row) => controller.open(row.id)));
  const addresses = rows.map((row) => controller.endpoints(row.id)[0]?.ipv4);
  t.is(new Set(addresses).size, 20);
  await Promise.all(rows.map((row) => controller.close(row.id)));
  for (const row of rows) await controller.removeMember(row.id);
  t.is(machine.picture(), before);
});

test("leaving the last network with names and joining one again: the resolver stops and starts", async (t) => {
  const machine = toy();
  const controller = machine.start();
  await controller.createNetwork(spec("n"));
  const row = member("m", []);
  controller.addMember(row);
  await controller.open(row.id);
  for (let round = 0; round < 2; round++) {
    await controller.connect("n", row.id, wish());
    t.true(machine.resolvers.has(row.id));
    await controller.disconnect("n", row.id, { force: false });
    t.false(machine.resolvers.has(row.id));
  }
});
