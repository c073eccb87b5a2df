import test from "ava";
import { type Cidr, parseIp, parseMac } from "../../../src/model/address.ts";
import type { Link, Netns } from "../../../src/model/kernel.ts";
import { eventually } from "../../support/eventually.ts";
import { refuses, type World, world } from "./world.ts";

const DEFAULT = "0.0.0.0/0" as Cidr;

/** A bridge with the gateway address. */
async function bridge({ kernel, host }: World): Promise<void> {
  await kernel.apply(host, [
    { verb: "link add", link: { kind: "bridge", name: "br0", mac: parseMac("02:42:ac:11:00:01"), up: true } },
    { verb: "addr add", dev: "br0", address: parseIp("172.17.0.1"), prefix: 16 },
  ]);
}

/** A sandbox on the bridge, as an endpoint is plugged in. */
async function plug({ kernel, host, sandbox }: World, name: string, ip: string): Promise<{ netns: Netns; link: Link }> {
  const netns = await sandbox();
  const mac = parseMac(`02:42:ac:11:00:0${ip.at(-1)}`);
  const peer = { name: "eth0", netns, mac, mtu: 1400 };
  const link = await kernel.addLink(host, { kind: "veth", name, master: "br0", up: true, mtu: 1400, peer });
  const dev = link.peerIndex ?? 0;
  await kernel.apply(netns, [
    { verb: "link set", dev, up: true },
    { verb: "addr add", dev, address: parseIp(ip), prefix: 16 },
    { verb: "route add", to: DEFAULT, dev, via: parseIp("172.17.0.1") },
  ]);
  await kernel.waitUp(host, name, 2000);
  return { netns, link };
}

test("a sandbox on a bridge: what ip(8) sees, and a ping to another one", async (t) => {
  await using w = await world();
  await bridge(w);
  const one = await plug(w, "v1", "172.17.0.2");
  await plug(w, "v2", "172.17.0.3");
  const [eth0] = await w.ip<{ addr_info: unknown[] }>(one.netns, "address", "show", "dev", "eth0");
  t.like(eth0, { address: "02:42:ac:11:00:02", mtu: 1400, operstate: "UP", ifindex: one.link.peerIndex });
  t.like(eth0?.addr_info[0], { local: "172.17.0.2", prefixlen: 16, broadcast: "172.17.255.255", scope: "global" });
  t.is(eth0?.addr_info.length, 1, "no IPv6 link-local address");
  t.deepEqual(
    (await w.ip<Record<string, unknown>>(one.netns, "route")).map(({ dst, gateway, protocol }) => ({ dst, gateway, protocol })),
    [
      { dst: "default", gateway: "172.17.0.1", protocol: "static" },
      { dst: "172.17.0.0/16", gateway: undefined, protocol: "kernel" },
    ],
  );
  t.regex(await w.run(one.netns, ["ping", "-c1", "-W1", "172.17.0.3"]), / 0% packet loss/);
  t.regex(await w.run(one.netns, ["ping", "-c1", "-W1", "172.17.0.1"]), / 0% packet loss/);
});

test("what is made is read back", async (t) => {
  await using w = await world();
  await bridge(w);
  const { netns, link } = await plug(w, "v1", "172.17.0.2");
  const { kernel, host } = w;
  const [lo, br0, v1] = await kernel.links(host);
  t.like(lo, { index: 1, name: "lo", kind: "", up: true });
  t.like(br0, { name: "br0", kind: "bridge", mac: parseMac("02:42:ac:11:00:01"), up: true });
  t.like(v1, { name: "v1", kind: "veth", operstate: "up", masterIndex: br0?.index, peerIndex: link.peerIndex });
  t.deepEqual(await kernel.link(host, "v1"), v1);
  t.is(await kernel.link(host, "nobody"), undefined);
  t.deepEqual(await kernel.addresses(host, "br0"), [parseIp("172.17.0.1")]);
  await t.throwsAsync(kernel.addresses(host, "nobody"), { message: "no network interface nobody" });
  t.deepEqual(await kernel.routes(netns), ["172.17.0.0/16" as Cidr]);
  t.deepEqual(await kernel.defaultRoutes(netns), [parseIp("172.17.0.1")]);
  t.deepEqual(await kernel.defaultRoutes(host), []);
});

test("IPv6 addresses can be used without a wait for duplicates", async (t) => {
  await using w = await world();
  await bridge(w);
  const { netns, link } = await plug(w, "v1", "172.17.0.2");
  await w.kernel.setSysctl(netns, "net/ipv6/conf/eth0/disable_ipv6", "0");
  await w.kernel.setSysctl(w.host, "net/ipv6/conf/br0/disable_ipv6", "0");
  const dev = link.peerIndex ?? 0;
  await w.kernel.apply(netns, [{ verb: "addr add", dev, address: parseIp("fd00::2"), prefix: 64 }]);
  await w.kernel.apply(w.host, [{ verb: "addr add", dev: "br0", address: parseIp("fd00::1"), prefix: 64 }]);
  await w.kernel.apply(netns, [{ verb: "route add", to: "::/0" as Cidr, dev, via: parseIp("fd00::1") }]);
  await w.kernel.waitUp(w.host, "br0", 2000);
  t.deepEqual(await w.kernel.defaultRoutes(netns), [parseIp("172.17.0.1"), parseIp("fd00::1")]);
  t.true((await w.kernel.routes(netns)).includes("fd00::/64" as Cidr));
  // The kernel makes an IPv6 address usable in a worker of its own, which is late on a busy machine.
  t.regex(await eventually(() => w.run(netns, ["ping", "-6", "-c1", "-W1", "fd00::1"]), 20_000), / 0% packet loss/);
});

test("links are changed and taken away", async (t) => {
  await using w = await world();
  await bridge(w);
  const { netns, link } = await plug(w, "v1", "172.17.0.2");
  const { kernel, host } = w;
  await kernel.apply(host, [{ verb: "link set", dev: "v1", hairpin: true, mtu: 1300 }]);
  t.like((await w.ip(host, "link", "show", "dev", "v1"))[0], { mtu: 1300, linkinfo: { info_slave_data: { hairpin: true } } });
  await kernel.apply(netns, [
    { verb: "link set", dev: "eth0", up: false },
    { verb: "link set", dev: "eth0", name: "lan0", mac: parseMac("02:00:00:00:00:09"), up: true },
    { verb: "route add", to: "10.0.0.0/8" as Cidr, dev: "lan0" },
  ]);
  t.like(await kernel.link(netns, "lan0"), { index: link.peerIndex, mac: parseMac("02:00:00:00:00:09"), up: true });
  await kernel.apply(netns, [
    { verb: "route del", to: "10.0.0.0/8" as Cidr },
    { verb: "addr del", dev: "lan0", address: parseIp("172.17.0.2"), prefix: 16 },
  ]);
  t.deepEqual(await kernel.routes(netns), []);
  await kernel.apply(host, [{ verb: "link set", dev: "v1", master: null }]);
  t.is((await kernel.link(host, "v1"))?.masterIndex, undefined);
  await kernel.apply(host, [
    { verb: "link del", dev: "v1" },
    { verb: "link del", dev: "v1" },
    { verb: "link del", dev: "br0" },
  ]);
  t.deepEqual(
    (await kernel.links(host)).map(({ name }) => name),
    ["lo"],
  );
});

test("a macvlan is born in its sandbox", async (t) => {
  await using w = await world();
  const netns = await w.sandbox();
  await w.kernel.addLink(w.host, { kind: "veth", name: "wire0", peer: { name: "wire1", netns: w.host } });
  const link = await w.kernel.addLink(w.host, { kind: "macvlan", name: "eth0", parent: "wire0", mode: "bridge", mtu: 1400, netns });
  t.like(link, { name: "eth0", kind: "macvlan", mtu: 1400, peerIndex: undefined });
  t.like((await w.ip(netns, "link", "show", "dev", "eth0"))[0], { linkinfo: { info_kind: "macvlan", info_data: { mode: "bridge" } } });
});

test("a thousand changes are one batch", async (t) => {
  await using w = await world();
  const addresses = Array.from({ length: 1000 }, (_, i) => parseIp(`10.0.${i >> 8}.${i & 255}`));
  await w.kernel.apply(
    w.host,
    addresses.map((address) => ({ verb: "addr add", dev: 1, address, prefix: 32 })),
  );
  t.is((await w.kernel.addresses(w.host, "lo")).length, 1002, "with 127.0.0.1 and ::1");
});

test("refusals say what was asked, why, and what is there to do", async (t) => {
  await using w = await world();
  await bridge(w);
  const { kernel, host } = w;
  await refuses(
    t,
    kernel.apply(host, [{ verb: "link add", link: { kind: "bridge", name: "br0" } }]),
    "conflict",
    "ip link add br0 type bridge: file already exists (EEXIST)",
  );
  const again = kernel.apply(host, [{ verb: "addr add", dev: "br0", address: parseIp("172.17.0.1"), prefix: 16 }]);
  await refuses(t, again, "conflict", /^ip addr add 172\.17\.0\.1\/16 dev br0: file already exists \(EEXIST\)/);
  const tooSmall = "ip link set dev br0 mtu 1: invalid argument (EINVAL): mtu less than device minimum";
  await refuses(t, kernel.apply(host, [{ verb: "link set", dev: "br0", mtu: 1 }]), "invalid", tooSmall);
  const unreachable = kernel.apply(host, [{ verb: "route add", to: DEFAULT, dev: "br0", via: parseIp("192.0.2.1") }]);
  await refuses(t, unreachable, "invalid", /via 192\.0\.2\.1 dev br0: .*Nexthop has invalid gateway/);
  await refuses(
    t,
    kernel.links({ path: `${w.folder}/nobody` }),
    "notFound",
    /^open network namespace .*nobody: no such file or directory \(ENOENT in open\)$/,
  );
  await refuses(
    t,
    kernel.apply(host, [{ verb: "link set", dev: "nobody", up: true }]),
    "notFound",
    "ip link set dev nobody up: no such device (ENODEV)",
  );
});
