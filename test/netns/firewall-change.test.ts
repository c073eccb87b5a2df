import test, { type ExecutionContext } from "ava";
import { endpoint, firewallWorld, network, type World } from "../support/firewall-world.ts";
import { both, reach, serve, tidy } from "../support/reach.ts";

const OPEN = `
                 | outside
  192.0.2.1 8080 | 192.0.2.2`;
const BOTH_OPEN = `${OPEN}
  192.0.2.1 8090 | 192.0.2.2`;
const BOTH_CLOSED = BOTH_OPEN.replaceAll(/192.0.2.2$/gm, "refused");

async function holds(t: ExecutionContext, world: World, table: string): Promise<void> {
  t.is(await reach(world, table), tidy(table));
}

test.serial("change: one id comes and goes, the others and the flows that run stay", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a1", "a2", "b1");
  const { firewall, peers } = world;
  await firewall.set([network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))]);
  const running = await peers.outside.hold("192.0.2.1", 8080);
  const runs = async () => t.deepEqual(await running.say(), { from: "192.0.2.2" });
  await runs();

  await firewall.change([endpoint("b1", both("0.0.0.0:8090:80"))], []);
  await holds(t, world, BOTH_OPEN);
  await firewall.change([endpoint("a2", both("0.0.0.0:8080:80"))], ["endpoint-a1"]);
  await holds(t, world, BOTH_OPEN);
  await runs();
  await firewall.change([], ["endpoint-a2", "endpoint-b1", "endpoint-unheard-of"]);
  await holds(t, world, BOTH_CLOSED);
  await runs();
});

test.serial("flushed rules come back with set, and with the next change", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a1");
  const { firewall, host } = world;
  const policies = [network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))];
  const listed = async () => (await host.must(["nft", "list", "ruleset"])).replaceAll(/packets \d+ bytes \d+/g, "");
  await firewall.set(policies);
  const made = await listed();
  await holds(t, world, OPEN);

  await host.must(["nft", "flush", "ruleset"]);
  await firewall.set(policies);
  t.is(await listed(), made);
  await holds(t, world, OPEN);

  await host.must(["nft", "flush", "ruleset"]);
  await firewall.change([endpoint("b1", both("0.0.0.0:8090:80"))], []);
  await holds(t, world, OPEN);
  await firewall.change([], ["endpoint-b1"]);
  t.is(await listed(), made);

  await host.must(["nft", "add", "element", "inet", "netloom", "dnat4_any", "{ tcp . 1 : 192.0.2.2 . 1 }"]);
  await host.must(["nft", "flush", "chain", "inet", "netloom", "forward"]);
  await firewall.set(policies);
  t.is(await listed(), made, "what others put into our sets and chains is gone");
});

test.serial("the chain user is met first and keeps what a person put there", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a1");
  const { firewall, host } = world;
  const policies = [network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))];
  const closed = OPEN.replace(/192.0.2.2$/, "timeout");
  await firewall.set(policies);
  await host.must(["nft", "add", "rule", "inet", "netloom", "user", "ip", "saddr", "192.0.2.2", "counter", "drop"]);
  await holds(t, world, closed);
  await firewall.set(policies);
  await holds(t, world, closed);

  await firewall.clear();
  const left = await host.must(["nft", "--stateless", "list", "ruleset"]);
  t.is(left.replace(/\s+/g, " ").trim(), "table inet netloom { chain user { ip saddr 192.0.2.2 counter drop } }");
  await host.must(["nft", "flush", "chain", "inet", "netloom", "user"]);
  await firewall.clear();
  t.is(await host.must(["nft", "list", "ruleset"]), "");
});
