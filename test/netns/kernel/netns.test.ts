import { once } from "node:events";
import test from "ava";
import { linuxKernel } from "../../../src/kernel/linux.ts";
import { end, must, ROOT, run, start } from "../../support/process.ts";
import { openDescriptors, refuses, world } from "./world.ts";

test.serial("nothing stays open when a kernel interface is closed", async (t) => {
  await (await linuxKernel()).close(); // loads what is loaded once
  const before = await openDescriptors();
  {
    await using w = await world();
    for (let i = 0; i < 50; i++) await w.kernel.links(await w.sandbox());
    await t.throwsAsync(w.kernel.waitUp(w.host, "nobody", 100));
    const open = (await openDescriptors()) - before;
    t.true(open >= 2 * 32 && open <= 3 * 32 + 5, `${open} more are open: those of 32 namespaces`);
  }
  t.is(await openDescriptors(), before);
});

test("a new namespace has lo up and IPv6 off on links to come, and nothing else", async (t) => {
  await using w = await world();
  const sandbox = await w.sandbox();
  const links = await w.ip<{ ifname: string; flags: string[]; addr_info: { local: string }[] }>(sandbox, "address");
  t.deepEqual(
    links.map(({ ifname, addr_info }) => [ifname, ...addr_info.map(({ local }) => local)]),
    [["lo", "127.0.0.1", "::1"]],
  );
  t.true(links[0]?.flags.includes("UP"));
  t.is(await w.kernel.sysctl(sandbox, "net/ipv6/conf/default/disable_ipv6"), "1");
  t.is(await w.kernel.sysctl(sandbox, "net/ipv6/conf/all/disable_ipv6"), "0");
});

test("namespaces are told apart by what is pinned, not by their path", async (t) => {
  await using w = await world();
  const { kernel } = w;
  const sandbox = await w.sandbox();
  t.true(await kernel.isNetns(sandbox.path));
  t.true(await kernel.isNetns(kernel.host.path));
  t.false(await kernel.isNetns(w.folder));
  t.false(await kernel.isNetns(`${w.folder}/nobody`));
  t.false(await kernel.isNetns(`${ROOT}/package.json/below`));
  await refuses(
    t,
    kernel.createNetns(sandbox.path),
    "conflict",
    `create network namespace ${sandbox.path}: file already exists (EEXIST in open)`,
  );
  t.is((await kernel.links(sandbox)).length, 1);
  // Somebody else makes the path mean another namespace.
  await must(["umount", "--lazy", sandbox.path]);
  await must(["unshare", `--net=${sandbox.path}`, "ip", "link", "add", "br0", "type", "bridge"]);
  t.is((await kernel.links(sandbox)).length, 2);
  await kernel.removeNetns(sandbox.path);
  await kernel.removeNetns(sandbox.path);
  t.false(await kernel.isNetns(sandbox.path));
});

test("the namespace of a process is adopted", async (t) => {
  await using w = await world();
  const child = start(["unshare", "--net", "sh", "-c", "ip link add br7 type bridge && echo ready && exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout !== null) await once(child.stdout, "data");
  const path = `${w.folder}/adopted`;
  const adopted = await w.kernel.adoptNetns(path, child.pid ?? 0);
  await end(child);
  t.deepEqual(
    (await w.kernel.links(adopted)).map(({ name }) => name),
    ["lo", "br7"],
  );
  await refuses(t, w.kernel.adoptNetns(path, process.pid), "conflict", /EEXIST/);
  await w.kernel.removeNetns(path);
  await refuses(t, w.kernel.adoptNetns(path, child.pid ?? 0), "notFound", /^pin the network namespace of process \d+ at .*ENOENT/);
});

test("sysctls of a namespace", async (t) => {
  await using w = await world();
  const sandbox = await w.sandbox();
  const key = "net/ipv4/ip_default_ttl";
  await w.kernel.setSysctl(sandbox, key, "77");
  t.is(await w.kernel.sysctl(sandbox, key), "77");
  t.is(await w.kernel.sysctl(w.host, key), "64");
  t.is(await w.kernel.sysctl(sandbox, "net/ipv4/no_such_key"), undefined);
  await refuses(t, w.kernel.setSysctl(sandbox, "net/ipv4/no_such_key", "1"), "notFound", /^sysctl -w net\/ipv4\/no_such_key=1: /);
  await refuses(
    t,
    w.kernel.setSysctl(sandbox, key, "many"),
    "invalid",
    "sysctl -w net/ipv4/ip_default_ttl=many: invalid argument (EINVAL in sysctl)",
  );
  await refuses(t, w.kernel.setSysctl(sandbox, "../../etc/passwd", "1"), "invalid", "invalid sysctl: ../../etc/passwd");
});

test("what this kernel can do", async (t) => {
  await using w = await world();
  const features = await w.kernel.features();
  t.like(features, { netAdmin: true, veth: true, bridge: true, nftables: true });
  t.regex(features.kernelVersion, /^\d+\.\d+/);
  for (const kind of ["macvlan", "ipvlan", "vxlan"] as const) {
    const [parent, sandbox] = ["nl-parent", await w.sandbox()];
    await w.run(sandbox, ["ip", "link", "add", parent, "type", "veth"]);
    const options = kind === "vxlan" ? ["type", kind, "id", "7", "dstport", "4789"] : ["link", parent, "type", kind];
    const { status } = await run(["nsenter", `--net=${sandbox.path}`, "ip", "link", "add", "probe", ...options]);
    t.is(features[kind], status === 0, kind);
  }
});

test("without CAP_NET_ADMIN it says so", async (t) => {
  const script = `import { linuxKernel } from "${ROOT}/src/kernel/linux.ts"; linuxKernel().catch((e) => console.log(e.code, e.message, "|", e.hint));`;
  const output = await must([
    "setpriv",
    "--bounding-set=-net_admin",
    "--inh-caps=-net_admin",
    process.execPath,
    "--input-type=module",
    "--eval",
    script,
  ]);
  t.is(output, "forbidden container networks need the capability CAP_NET_ADMIN | run it as root, or in a user namespace of its own\n");
});
