import { fileURLToPath } from "node:url";
import test from "ava";
import { parseIp, parseMac } from "../../../src/model/address.ts";
import { world } from "./world.ts";

/** Reads links and addresses with the npm package `netlink`, which shares no line with our codec, and prints them as JSON. */
const READER = `
const { createRtNetlink } = require("netlink");
(async () => {
  const socket = createRtNetlink();
  const links = await socket.getLinks();
  const addresses = await socket.getAddresses();
  const hex = (buffer) => buffer && Buffer.from(buffer).toString("hex");
  console.log(JSON.stringify({
    links: links.map(({ data, attrs }) => ({ index: data.index, name: attrs.ifname, mac: hex(attrs.address), mtu: attrs.mtu, master: attrs.master })),
    addresses: addresses.map(({ data, attrs }) => ({ index: data.index, prefix: data.prefixlen, address: hex(attrs.address) })),
  }));
  process.exit(0);
})();`;

test("an independent reader of netlink sees what we made", async (t) => {
  await using w = await world();
  const netns = await w.sandbox();
  await w.kernel.apply(w.host, [
    { verb: "link add", link: { kind: "bridge", name: "br0", mac: parseMac("02:42:0a:01:00:01"), mtu: 1400, up: true } },
    { verb: "addr add", dev: "br0", address: parseIp("10.1.0.1"), prefix: 24 },
  ]);
  const link = await w.kernel.addLink(w.host, {
    kind: "veth",
    name: "v1",
    master: "br0",
    up: true,
    mtu: 1400,
    peer: { name: "eth0", netns },
  });
  const folder = fileURLToPath(new URL("../../..", import.meta.url));
  const seen = JSON.parse(await w.run(w.host, ["env", `NODE_PATH=${folder}node_modules`, process.execPath, "-e", READER]));
  const named = (name: string) => seen.links.find((one: { name: string }) => one.name === name);
  t.like(named("br0"), { mac: "02420a010001", mtu: 1400 });
  t.like(named("v1"), { index: link.index, mtu: 1400, master: named("br0").index });
  t.deepEqual(
    seen.addresses
      .filter((one: { index: number }) => one.index === named("br0").index)
      .map(({ prefix, address }: { prefix: number; address: string }) => [prefix, address]),
    [[24, "0a010001"]],
  );
});
