import test from "ava";
import { type Cidr, parseIp, parseMac } from "../../../src/model/address.ts";
import type { Change, Netns, PlugRequest } from "../../../src/model/kernel.ts";
import { refuses, type World, world } from "./world.ts";

const DEFAULT = "0.0.0.0/0" as Cidr;
const GATEWAY = parseIp("172.17.0.1");

async function bridge({ kernel, host }: World): Promise<void> {
  await kernel.apply(host, [
    { verb: "link add", link: { kind: "bridge", name: "br0", mac: parseMac("02:42:ac:11:00:01"), up: true } },
    { verb: "addr add", dev: "br0", address: GATEWAY, prefix: 16 },
  ]);
}

function request(netns: Netns, name: string, ip: string, more: Change[] = []): PlugRequest {
  return {
    link: { kind: "veth", name, master: "br0", up: true, peer: { name: "eth0", netns, mac: parseMac(`02:42:ac:11:00:0${ip.at(-1)}`) } },
    port: { hairpin: true },
    inside: (dev) => [
      { verb: "addr add", dev, address: parseIp(ip), prefix: 16 },
      { verb: "link set", dev, up: true },
      { verb: "route add", to: DEFAULT, dev, via: GATEWAY },
      ...more,
    ],
  };
}

test("a link, its port flags and all that is inside, in one go and up: the next packet passes", async (t) => {
  await using w = await world();
  await bridge(w);
  const [one, two] = [await w.sandbox(), await w.sandbox()];
  const first = await w.kernel.plugLink(w.host, request(one, "v1", "172.17.0.2"));
  const second = await w.kernel.plugLink(w.host, request(two, "v2", "172.17.0.3"));
  t.true(first.up && second.up);
  t.like(await w.kernel.link(w.host, "v1"), { index: first.index, peerIndex: first.peerIndex, operstate: "up" });
  t.like((await w.ip(one, "address", "show", "dev", "eth0"))[0], {
    ifindex: first.peerIndex,
    address: "02:42:ac:11:00:02",
    operstate: "UP",
  });
  t.deepEqual(await w.kernel.defaultRoutes(one), [GATEWAY]);
  t.regex(await w.run(w.host, ["ip", "-d", "link", "show", "v1"]), /hairpin on/);
  t.regex(await w.run(one, ["ping", "-c1", "-W1", "172.17.0.3"]), / 0% packet loss/);
});

test("an index that is taken meanwhile, and a bridge that was made anew, only cost the quick way", async (t) => {
  await using w = await world();
  await bridge(w);
  const [one, two, three] = [await w.sandbox(), await w.sandbox(), await w.sandbox()];
  const first = await w.kernel.plugLink(w.host, request(one, "v1", "172.17.0.2"));
  await w.run(w.host, ["ip", "link", "add", "thief", "index", String(first.index + 2), "type", "bridge"]);
  const second = await w.kernel.plugLink(w.host, request(two, "v2", "172.17.0.3"));
  t.like(await w.kernel.link(w.host, "v2"), { index: second.index, peerIndex: second.peerIndex });
  await w.run(w.host, ["ip", "link", "del", "br0"]);
  await bridge(w);
  const third = await w.kernel.plugLink(w.host, request(three, "v3", "172.17.0.4"));
  await w.kernel.waitUp(w.host, "v3", 2000);
  t.is((await w.kernel.link(w.host, "v3"))?.masterIndex, (await w.kernel.link(w.host, "br0"))?.index);
  t.like((await w.ip(three, "address", "show", "dev", "eth0"))[0], { ifindex: third.peerIndex });
});

test("a name that is taken, a bridge that is not there, a change inside that is refused: plain words", async (t) => {
  await using w = await world();
  await bridge(w);
  const netns = await w.sandbox();
  await w.kernel.plugLink(w.host, request(netns, "v1", "172.17.0.2"));
  await refuses(t, w.kernel.plugLink(w.host, request(await w.sandbox(), "br0", "172.17.0.3")), "conflict", /br0.*EEXIST/);
  const lost = request(await w.sandbox(), "v3", "172.17.0.3");
  await refuses(t, w.kernel.plugLink(w.host, { ...lost, link: { ...lost.link, master: "nosuch" } }), "notFound", /nosuch/);
  const far: Change = { verb: "route add", to: "10.0.0.0/8" as Cidr, dev: 1, via: parseIp("10.99.0.1") };
  const wrong = request(await w.sandbox(), "v4", "172.17.0.4", [far]);
  await refuses(t, w.kernel.plugLink(w.host, wrong), "invalid", /10\.0\.0\.0\/8/);
});

test("many at once, each in its own place", async (t) => {
  await using w = await world();
  await bridge(w);
  const sandboxes: Netns[] = [];
  for (let i = 0; i < 8; i++) sandboxes.push(await w.sandbox());
  const made = await Promise.all(sandboxes.map((netns, i) => w.kernel.plugLink(w.host, request(netns, `v${i + 2}`, `172.17.0.${i + 2}`))));
  t.is(new Set(made.map(({ index }) => index)).size, 8);
  for (const netns of sandboxes.slice(1)) t.regex(await w.run(netns, ["ping", "-c1", "-W1", "172.17.0.2"]), / 0% packet loss/);
});
