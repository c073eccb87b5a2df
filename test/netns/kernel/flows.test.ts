import test from "ava";
import type { NftTable } from "../../../src/model/nft.ts";
import { refuses, world } from "./world.ts";

const table: NftTable = { family: "inet", name: "test" };

test("UDP flows of a port are forgotten, others are not", async (t) => {
  await using w = await world();
  const { kernel, host } = w;
  const chain = { table, name: "output", base: { type: "filter", hook: "output", priority: 0, policy: "accept" } } as const;
  await kernel.nft(host, [
    { verb: "table add", table },
    { verb: "chain add", chain },
    { verb: "rule add", chain, rule: [{ match: "ct state", any: ["invalid"] }, { verdict: "drop" }] },
  ]);
  for (const address of ["127.0.0.1", "::1"]) {
    await w.run(host, ["bash", "-c", `for port in 5001 5002 5003; do echo hi >/dev/udp/${address}/$port; done; :`]);
  }
  const ports = async (family: "ipv4" | "ipv6") => {
    const flows = await w.run(host, ["conntrack", "-L", "-p", "udp", "-f", family]);
    return [...flows.matchAll(/ dport=(500\d)\b/g)].map(([, port]) => port).sort();
  };
  t.deepEqual(await ports("ipv4"), ["5001", "5002", "5003"]);
  t.deepEqual(await ports("ipv6"), ["5001", "5002", "5003"]);
  await kernel.flushUdpFlows([{ hostPort: 5001 }, { hostPort: 5003 }]);
  t.deepEqual(await ports("ipv4"), ["5002"]);
  t.deepEqual(await ports("ipv6"), ["5002"]);
  await kernel.flushUdpFlows([]);
  await kernel.flushUdpFlows([{ hostPort: 5001 }]);
});

test("a transaction of nftables is all or nothing, and its refusal names the command", async (t) => {
  await using w = await world();
  const { kernel, host } = w;
  const refused = kernel.nft(host, [
    { verb: "table add", table },
    { verb: "chain delete", chain: { table, name: "nobody" } },
  ]);
  await refuses(t, refused, "notFound", /delete chain inet test nobody/);
  t.is(await w.run(host, ["nft", "list", "ruleset"]), "");
  await kernel.nft(host, []);
  await kernel.nft(host, [{ verb: "table add", table }]);
  t.is(await w.run(host, ["nft", "list", "ruleset"]), "table inet test {\n}\n");
});
