import test, { type ExecutionContext } from "ava";
import { BACKENDS } from "../support/firewall-backends.ts";
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

/** Rules are found in the order in which they were made; a change makes them in another than `set`. */
function sorted(rules: string): string {
  return rules.split("\n").toSorted().join("\n");
}

for (const backend of BACKENDS) {
  test.serial(`${backend.name}: one id comes and goes, the others and the flows that run stay`, async (t) => {
    await using world = await firewallWorld({ backend });
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

  test.serial(`${backend.name}: a change makes what set makes, and takes it away again`, async (t) => {
    await using world = await firewallWorld({ backend });
    const { firewall, host } = world;
    const some = [network("a"), endpoint("a1", both("0.0.0.0:8080:80", "[::]:8080:80"))];
    const more = [
      network("b", { internal: true, masquerade4: false }),
      endpoint("a2", both("192.0.2.1:8080:80", "127.0.0.1:8080:81", "[::1]:65535:80")),
    ];
    const listed = async () => sorted(await backend.list(host));
    await firewall.set([...some, ...more]);
    const all = await listed();
    await firewall.set(some);
    const few = await listed();
    await firewall.change(more, []);
    t.is(await listed(), all);
    await firewall.change([network("a", { icc: false, mode4: "routed" })], []);
    await firewall.change([network("a")], ["network-b", "endpoint-a2"]);
    t.is(await listed(), few);
  });

  test.serial(`${backend.name}: flushed rules come back with set, and with the next change`, async (t) => {
    await using world = await firewallWorld({ backend });
    await serve(world, "a1");
    const { firewall, host } = world;
    const policies = [network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))];
    await firewall.set(policies);
    const made = await backend.list(host);
    await holds(t, world, OPEN);

    await backend.flush(host);
    await firewall.set(policies);
    t.is(await backend.list(host), made);
    await holds(t, world, OPEN);

    await backend.flush(host);
    await firewall.change([endpoint("b1", both("0.0.0.0:8090:80"))], []);
    await holds(t, world, OPEN);
    await firewall.change([], ["endpoint-b1"]);
    t.is(sorted(await backend.list(host)), sorted(made));
  });

  test.serial(`${backend.name}: a person's own rules are met first and stay`, async (t) => {
    await using world = await firewallWorld({ backend });
    await serve(world, "a1");
    const { firewall, host } = world;
    const policies = [network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))];
    const closed = OPEN.replace(/192.0.2.2$/, "timeout");
    await firewall.set(policies);
    await backend.userDrop(host, "192.0.2.2");
    await holds(t, world, closed);
    await firewall.set(policies);
    await holds(t, world, closed);

    await firewall.clear();
    t.regex(await backend.list(host), /192\.0\.2\.2.* drop/i, "and after all else of ours is gone");
    t.notRegex(await backend.list(host), /br-a|published|dnat|masquerade/i);
    await backend.userForget(host);
    await firewall.clear();
    t.notRegex(await backend.list(host), /netloom/i);
  });
}
