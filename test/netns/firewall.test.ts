import test from "ava";
import { BACKENDS } from "../support/firewall-backends.ts";
import { ADDRESS, endpoint, firewallWorld, network } from "../support/firewall-world.ts";
import type { Netns } from "../support/netns.ts";
import { reach, serve, tidy, untilAddressesCount } from "../support/reach.ts";

// What the tables of test/conformance/firewall.test.ts cannot say: hosts and containers whose routes somebody bent.

for (const backend of BACKENDS) {
  test.serial(`${backend.name}: who asks from a link-local address is not translated, since no answer would reach it`, async (t) => {
    await using world = await firewallWorld({ backend });
    const { firewall, host, peers } = world;
    await serve(world, "a1");
    await firewall.set([network("a"), endpoint("a1", ["[::]:8080:80"])]);
    await untilAddressesCount(world);
    const linkLocal = /fe80:[0-9a-f:]+/.exec(await host.must(["ip", "-6", "address", "show", "dev", "wire0"]))?.[0];
    t.deepEqual(await peers.outside.ask("tcp", `${linkLocal}%wire0`, 8080, 5_000), { failed: "refused" });
  });

  test.serial(`${backend.name}: the host's loopback is not reached from a container that routes to it, and not spoken for`, async (t) => {
    await using world = await firewallWorld({ backend });
    const { firewall, host, peers, sandboxes } = world;
    await peers.host.serve("udp", 9000, "0.0.0.0");
    await firewall.set([network("a"), network("b")]);
    await sandboxes.a1.must(["ip", "-batch", "-"], {
      input: "route del local 127.0.0.0/8 dev lo table local\nroute del local 127.0.0.1 dev lo table local\n",
    });
    t.deepEqual(await peers.a1.ask("udp", "127.0.0.1", 9000, 500), { failed: "timeout" });
    t.is((await backend.dropped(host)).loopback, 1);
    // While its gateway is still asked from a proper address, it learns whom to send to.
    t.true(await pings(sandboxes.a2, "172.30.1.1"));
    await sandboxes.a2.must(["sysctl", "-q", "net.ipv4.conf.eth0.route_localnet=1"]);
    await sandboxes.a2.must(["ip", "route", "replace", "172.30.1.1", "dev", "eth0", "src", "127.0.0.1"]);
    t.deepEqual(await peers.a2.ask("udp", "172.30.1.1", 9000, 500), { failed: "timeout" });
    t.is((await backend.dropped(host)).loopback, 2);
  });

  test.serial(`${backend.name}: a port on loopback stays the host's own where the outside may route to loopback`, async (t) => {
    await using world = await firewallWorld({ backend });
    const { firewall, host, peers } = world;
    await serve(world, "a1");
    await firewall.set([network("a"), endpoint("a1", ["127.0.0.1:8081:80"])]);
    await host.must(["sysctl", "-q", "net.ipv4.conf.wire0.route_localnet=1"]);
    await host.outside.must(["ip", "-batch", "-"], {
      input: `route del local 127.0.0.0/8 dev lo table local
      route del local 127.0.0.1 dev lo table local
      route add 127.0.0.1 via ${host.address.ipv4}\n`,
    });
    t.deepEqual(await peers.outside.ask("tcp", "127.0.0.1", 8081, 500), { failed: "timeout" });
    // Had it been translated, it would have been dropped on the way to the bridge.
    t.is((await backend.dropped(host)).unpublished, 0);
  });

  test.serial(`${backend.name}: a routed network is pinged from outside, another is not`, async (t) => {
    await using world = await firewallWorld({ backend });
    const routed = { mode4: "routed", mode6: "routed", masquerade4: false, masquerade6: false } as const;
    await world.firewall.set([network("a", routed), network("b")]);
    await untilAddressesCount(world);
    t.true(await pings(world.host.outside, ADDRESS.a1.ipv4));
    t.true(await pings(world.host.outside, ADDRESS.a1.ipv6));
    t.false(await pings(world.host.outside, ADDRESS.b1.ipv4));
    t.false(await pings(world.host.outside, ADDRESS.b1.ipv6));
  });

  test.serial(`${backend.name}: no masquerade between containers of one network, though they route through the host`, async (t) => {
    await using world = await firewallWorld({ backend });
    await serve(world, "a2");
    await world.firewall.set([network("a")]);
    await world.host.must(["sysctl", "-q", "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.br-a.send_redirects=0"]);
    await world.sandboxes.a1.must(["ip", "route", "add", ADDRESS.a2.ipv4, "via", "172.30.1.1"]);
    const table = `
                    | a1
      172.30.1.3 80 | 172.30.1.2`;
    t.is(await reach(world, table), tidy(table));
  });
}

async function pings(from: Netns, ip: string): Promise<boolean> {
  return (await from.run(["ping", "-c", "1", "-W", "1", ip])).status === 0;
}
