import test from "ava";
import { drivers } from "../../drivers/index.ts";
import { type FakeKernel, fakeKernel } from "../../src/kernel/fake.ts";
import type { Attachment, Driver } from "../../src/model/driver.ts";
import type { Endpoint } from "../../src/model/endpoint.ts";
import { newId } from "../../src/model/id.ts";
import type { Network } from "../../src/model/network.ts";
import { cidr, ip, spec, wish } from "../unit/controller/house.ts";

/** What every driver must do, whatever it makes. A new driver's test is its line in drivers/index.ts. */
function network(driver: Driver): Network {
  const pool = {
    id: "p",
    family: 4 as const,
    subnet: cidr("10.1.0.0/24"),
    gateway: ip("10.1.0.1"),
    subnetGiven: true,
    gatewayGiven: false,
    aux: {},
  };
  const { pools: _, ...words } = spec("n", { driver: driver.name });
  return {
    ...words,
    id: newId(),
    scope: driver.scope,
    createdAt: "2026-01-01T00:00:00.000000000Z",
    pools: driver.addressed ? [pool] : [],
    predefined: false,
    state: "ready",
  };
}

function endpoint(driver: Driver, on: Network): Endpoint {
  const base: Endpoint = {
    id: newId(),
    networkId: on.id,
    memberId: newId(),
    state: "attaching",
    wish: wish(),
    names: ["m"],
    publishes: false,
    ports: [],
  };
  return driver.addressed
    ? { ...base, ipv4: ip("10.1.0.2"), mac: "02:42:0a:01:00:02" as NonNullable<Endpoint["mac"]>, ifname: "eth0" }
    : base;
}

async function withSandbox(kernel: FakeKernel) {
  return kernel.createNetns(`/run/netloom/netns/${newId().slice(0, 12)}`);
}

/** Does what the controller does with what a driver wants. @returns the index of the link inside, if there is one */
async function made(kernel: FakeKernel, { make, ifindex }: Attachment): Promise<number | undefined> {
  return make === undefined ? ifindex : (await kernel.plugLink(kernel.host, { ...make, inside: () => [] })).peerIndex;
}

for (const [name, factory] of Object.entries(drivers)) {
  const make = () => {
    const kernel = fakeKernel();
    return { kernel, driver: factory(kernel) };
  };

  test(`${name}: is called what the table calls it`, (t) => t.is(make().driver.name, name));

  test(`${name}: create and remove leave nothing; each may be repeated`, async (t) => {
    const { kernel, driver } = make();
    const on = network(driver);
    const before = kernel.picture();
    await driver.create(on);
    const once = kernel.picture();
    await driver.create(on);
    t.is(kernel.picture(), once, "a second create changes nothing");
    await driver.remove(on);
    // Forwarding stays on: the host may have come to rely on it.
    t.is(kernel.picture().replace("net/ipv4/ip_forward=1", "").trim(), before.trim());
    await t.notThrowsAsync(driver.remove(on), "absence is success");
  });

  test(`${name}: attach makes at most one link, in the sandbox, with the endpoint's name and MAC; detach takes it away, twice`, async (t) => {
    const { kernel, driver } = make();
    const on = network(driver);
    await driver.create(on);
    const sandbox = await withSandbox(kernel);
    const leg = endpoint(driver, on);
    const before = kernel.picture();
    const ifindex = await made(kernel, await driver.attach(leg, on, sandbox));
    const links = await kernel.links(sandbox);
    t.deepEqual(
      links.map((link) => [link.name, link.mac, link.index]),
      ifindex === undefined ? [] : [[leg.ifname, leg.mac, ifindex]],
    );
    await driver.detach(leg, on);
    t.is(kernel.picture(), before);
    await t.notThrowsAsync(driver.detach(leg, on), "absence is success");
  });

  test(`${name}: detach succeeds when the sandbox is gone`, async (t) => {
    const { kernel, driver } = make();
    const on = network(driver);
    await driver.create(on);
    const sandbox = await withSandbox(kernel);
    const leg = endpoint(driver, on);
    await made(kernel, await driver.attach(leg, on, sandbox));
    await kernel.removeNetns(sandbox.path);
    await t.notThrowsAsync(driver.detach(leg, on));
  });

  test(`${name}: policies are pure`, (t) => {
    const { kernel, driver } = make();
    const on = network(driver);
    const leg = endpoint(driver, on);
    const before = kernel.picture();
    t.deepEqual(driver.policy(on), driver.policy(on));
    t.deepEqual(driver.endpointPolicy(leg, on), driver.endpointPolicy(leg, on));
    t.is(kernel.picture(), before);
    t.deepEqual(kernel.log, []);
  });

  test(`${name}: check refuses a second network where there may be one only`, (t) => {
    const { driver } = make();
    const second = () => driver.check(newId(), spec("second", { driver: name }), [network(driver)]);
    if (driver.single) t.throws(second, { message: `only one instance of "${name}" network is allowed` });
    else t.notThrows(second);
  });
}

test("bridge: one that was there before keeps its device, its addresses and its own ways with IPv6", async (t) => {
  const kernel = fakeKernel();
  const driver = drivers.bridge?.(kernel);
  if (driver === undefined) return t.fail("no bridge driver");
  await kernel.addLink(kernel.host, { kind: "bridge", name: "br0" });
  await kernel.apply(kernel.host, [{ verb: "addr add", dev: "br0", address: ip("10.1.0.1"), prefix: 24 }]);
  const on = { ...network(driver), options: { "com.docker.network.bridge.name": "br0" } };
  await driver.create(on);
  t.is(await kernel.sysctl(kernel.host, "net/ipv6/conf/br0/disable_ipv6"), undefined);
  await driver.remove(on);
  t.deepEqual(await kernel.addresses(kernel.host, "br0"), [ip("10.1.0.1")], "it may be the host's own");
});

test("bridge: a device that is no bridge is refused and left alone", async (t) => {
  const kernel = fakeKernel();
  const driver = drivers.bridge?.(kernel);
  const sandbox = await withSandbox(kernel);
  await kernel.addLink(kernel.host, { kind: "veth", name: "uplink0", peer: { name: "far0", netns: sandbox } });
  await kernel.apply(kernel.host, [{ verb: "addr add", dev: "uplink0", address: ip("10.1.0.1"), prefix: 24 }]);
  const before = kernel.picture();
  const on = { ...network(driver as Driver), options: { "com.docker.network.bridge.name": "uplink0" } };
  await t.throwsAsync(async () => driver?.create(on), { message: /uplink0 exists and is not a bridge/ });
  await driver?.remove(on);
  t.is(kernel.picture(), before);
});

test("bridge: without icc its ports are isolated where bridges are not filtered", async (t) => {
  const kernel = fakeKernel();
  const driver = drivers.bridge?.(kernel);
  if (driver === undefined) return t.fail("no bridge driver");
  const on = { ...network(driver), options: { "com.docker.network.bridge.enable_icc": "false" } };
  await driver.create(on);
  await made(kernel, await driver.attach(endpoint(driver, on), on, await withSandbox(kernel)));
  t.regex(kernel.log.at(-1) ?? "", /bridge_slave isolated on/);
});

for (const [what, options, message] of [
  ["an MTU that is no number", { mtu: "abc" }, /failed to parse mtu value: abc \(strconv\.Atoi: parsing "abc": invalid syntax\)/],
  ["a negative MTU", { mtu: "-1" }, /invalid MTU number: -1/],
  ["an MTU of 67", { mtu: "67" }, /invalid MTU number: 67/],
  ["a truth value that is none", { "com.docker.network.bridge.enable_icc": "maybe" }, /enable_icc value: maybe \(strconv\.ParseBool/],
  ["a gateway mode nobody knows", { "com.docker.network.bridge.gateway_mode_ipv4": "magic" }, /unknown gateway mode magic/],
  ["isolated without internal", { "com.docker.network.bridge.gateway_mode_ipv4": "isolated" }, /can only be used for an internal network/],
  ["a device name with a slash", { "com.docker.network.bridge.name": "br/0" }, /com\.docker\.network\.bridge\.name value: br\/0/],
  ["a device name of 16 bytes", { "com.docker.network.bridge.name": "a".repeat(16) }, /1 to 15 characters/],
] as [string, Record<string, string>, RegExp][]) {
  test(`bridge: ${what} is refused`, (t) => {
    const driver = drivers.bridge?.(fakeKernel());
    t.throws(() => driver?.check(newId(), spec("n", { options }), []), { message });
  });
}
