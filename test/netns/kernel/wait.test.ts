import test from "ava";
import { refuses, world } from "./world.ts";

test("no wake-up is lost, however waiting and coming up meet", async (t) => {
  await using w = await world();
  const { kernel, host } = w;
  const sandbox = await w.sandbox();
  const names = Array.from({ length: 40 }, (_, i) => `v${i}`);
  const links = await Promise.all(
    names.map((name) => kernel.addLink(host, { kind: "veth", name, up: true, peer: { name, netns: sandbox } })),
  );
  await Promise.all(
    links.map(async (link, i) => {
      const up = () => kernel.apply(sandbox, [{ verb: "link set", dev: link.peerIndex ?? 0, up: true }]);
      if (i % 2 === 0) await up();
      const waiting = kernel.waitUp(host, link.name, 5000);
      if (i % 2 === 1) await up();
      await waiting;
      t.is((await kernel.link(host, link.name))?.operstate, "up");
    }),
  );
});

test("a link that does not come up is told at the deadline, one that goes or is not there at once", async (t) => {
  await using w = await world();
  const { kernel, host } = w;
  await kernel.addLink(host, { kind: "veth", name: "v1", up: true, peer: { name: "v2", netns: host } });
  await refuses(t, kernel.waitUp(host, "v1", 50), "unavailable", /^network interface v1 did not come up in 50 ms \(it is operstate \w+\)$/);
  await refuses(t, kernel.waitUp(host, "nobody", 5000), "notFound", "ip link show dev nobody: no such device (ENODEV)");
  const waiting = refuses(t, kernel.waitUp(host, "v1", 5000), "notFound", "network interface v1 was removed");
  await kernel.apply(host, [{ verb: "link del", dev: "v1" }]);
  await waiting;
  await t.notThrowsAsync(kernel.waitUp(host, "lo", 2000), "a link that tells no operstate");
});

test("discarded links are out of service at once and deleted together", async (t) => {
  await using w = await world();
  const { kernel, host } = w;
  const sandbox = await w.sandbox();
  await kernel.apply(host, [{ verb: "link add", link: { kind: "bridge", name: "br0", up: true } }]);
  const names = Array.from({ length: 100 }, (_, i) => `v${i}`);
  for (const name of names) await kernel.addLink(host, { kind: "veth", name, master: "br0", up: true, peer: { name, netns: sandbox } });
  await Promise.all(names.map((name) => kernel.discardLink(host, name)));
  for (const link of await kernel.links(host)) if (link.kind === "veth") t.like(link, { up: false, masterIndex: undefined });
  await kernel.discardLink(host, "nobody");
  await kernel.settle();
  t.deepEqual(
    (await kernel.links(host)).map(({ name }) => name),
    ["lo", "br0"],
  );
  t.deepEqual(
    (await kernel.links(sandbox)).map(({ name }) => name),
    ["lo"],
  );
});

test("a namespace that is removed takes its discarded links along", async (t) => {
  await using w = await world();
  const { kernel } = w;
  const one = await w.sandbox();
  await kernel.addLink(one, { kind: "veth", name: "v1", peer: { name: "v2", netns: one } });
  await kernel.discardLink(one, "v1");
  await kernel.removeNetns(one.path);
  await t.notThrowsAsync(kernel.settle());
});
