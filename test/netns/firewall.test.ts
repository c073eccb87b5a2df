import test from "ava";
import { ADDRESS, endpoint, firewallWorld, network } from "../support/firewall-world.ts";
import type { Netns } from "../support/netns.ts";
import { both, reach, serve, tidy, untilAddressesCount } from "../support/reach.ts";

// Networks a (a1, a2) and b (b1) on a host, and somebody outside: who reaches which port, and as whom they are seen.

test.serial("nat", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a1");
  const ports = both("0.0.0.0:8080:80", "127.0.0.1:8081:80", "192.0.2.1:8082:80", "172.30.2.1:8083:80");
  await world.firewall.set([network("a"), network("b"), endpoint("a1", ports)]);
  const table = `
                    | a2         | b1         | host       | outside
    172.30.1.2 81   | 172.30.1.3 | timeout    | 172.30.1.1 | timeout
    172.30.1.2 80   | 172.30.1.3 | timeout    | 172.30.1.1 | timeout
    192.0.2.1 8080  | 172.30.1.1 | 172.30.1.1 | 192.0.2.1  | 192.0.2.2
    172.30.1.1 8080 | 172.30.1.1 | 172.30.1.1 | 172.30.1.1 | 192.0.2.2
    127.0.0.1 8080  | refused    | refused    | 172.30.1.1 | refused
    127.0.0.1 8081  | refused    | refused    | 172.30.1.1 | refused
    192.0.2.1 8081  | refused    | refused    | refused    | refused
    192.0.2.1 8082  | 172.30.1.1 | 172.30.1.1 | 192.0.2.1  | 192.0.2.2
    172.30.1.1 8082 | refused    | refused    | refused    | refused
    172.30.2.1 8083 | 172.30.1.1 | 172.30.1.1 | 172.30.2.1 | 192.0.2.2`;
  t.is(await reach(world, table), tidy(table));
});

test.serial("nat, IPv6", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a1");
  await world.firewall.set([
    network("a"),
    network("b"),
    endpoint("a1", both("[::]:8080:80", "[::1]:8081:80", "[2001:db8:0:2::1]:8082:80")),
  ]);
  const table = `
                          | a2        | b1        | host            | outside
    fd00:a::2 80          | fd00:a::3 | timeout   | fd00:a::1       | timeout
    2001:db8:0:2::1 8080  | fd00:a::1 | fd00:a::1 | 2001:db8:0:2::1 | 2001:db8:0:2::2
    ::1 8080              | refused   | refused   | fd00:a::1       | refused
    ::1 8081              | refused   | refused   | fd00:a::1       | refused
    2001:db8:0:2::1 8081  | refused   | refused   | refused         | refused
    2001:db8:0:2::1 8082  | fd00:a::1 | fd00:a::1 | 2001:db8:0:2::1 | 2001:db8:0:2::2`;
  t.is(await reach(world, table), tidy(table));
});

test.serial("nat, IPv6: who asks from a link-local address is not translated, since no answer would reach it", async (t) => {
  await using world = await firewallWorld();
  const { firewall, host, peers } = world;
  await serve(world, "a1");
  await firewall.set([network("a"), endpoint("a1", ["[::]:8080:80"])]);
  await untilAddressesCount(world);
  const linkLocal = /fe80:[0-9a-f:]+/.exec(await host.must(["ip", "-6", "address", "show", "dev", "wire0"]))?.[0];
  t.deepEqual(await peers.outside.ask("tcp", `${linkLocal}%wire0`, 8080, 5_000), { failed: "refused" });
});

test.serial("the loopback of the host is not reached from a container that routes to it, and not spoken for", async (t) => {
  await using world = await firewallWorld();
  const { firewall, host, peers, sandboxes } = world;
  await peers.host.serve("udp", 9000, "0.0.0.0");
  await firewall.set([network("a"), network("b")]);
  await sandboxes.a1.must(["ip", "-batch", "-"], {
    input: "route del local 127.0.0.0/8 dev lo table local\nroute del local 127.0.0.1 dev lo table local\n",
  });
  t.deepEqual(await peers.a1.ask("udp", "127.0.0.1", 9000, 500), { failed: "timeout" });
  // While its gateway is still asked from a proper address, it learns whom to send to.
  t.true(await pings(sandboxes.a2, "172.30.1.1"));
  await sandboxes.a2.must(["sysctl", "-q", "net.ipv4.conf.eth0.route_localnet=1"]);
  await sandboxes.a2.must(["ip", "route", "replace", "172.30.1.1", "dev", "eth0", "src", "127.0.0.1"]);
  t.deepEqual(await peers.a2.ask("udp", "172.30.1.1", 9000, 500), { failed: "timeout" });
  const rules = await host.must(["nft", "list", "chain", "inet", "netloom", "early"]);
  t.regex(rules, /daddr 127.0.0.0\/8 iifname @bridges counter packets 1 /);
  t.regex(rules, /saddr 127.0.0.0\/8 iifname @bridges counter packets 1 /);
});

test.serial("a port on loopback stays the host's own where the outside may route to loopback", async (t) => {
  await using world = await firewallWorld();
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
  t.regex(await host.must(["nft", "list", "chain", "inet", "netloom", "to_bridge"]), /counter packets 0 .*"not published"/);
});

for (const bridgeNetfilter of [false, true]) {
  test.serial(`hairpin: a container reaches itself and its neighbour by the host's address, br_netfilter ${bridgeNetfilter}`, async (t) => {
    await using world = await firewallWorld({ bridgeNetfilter });
    await serve(world, "a1");
    await world.firewall.set([network("a", { icc: false }), endpoint("a1", both("0.0.0.0:8080:80", "[::]:8080:80"))]);
    const table = `
                           | a1         | a2
      192.0.2.1 8080       | 172.30.1.1 | 172.30.1.1
      2001:db8:0:2::1 8080 | fd00:a::1  | fd00:a::1`;
    t.is(await reach(world, table), tidy(table));
  });
}

test.serial("icc off: bridged packets are dropped where br_netfilter shows them, published ports stay open", async (t) => {
  await using world = await firewallWorld({ bridgeNetfilter: true });
  await serve(world, "a1");
  await world.firewall.set([network("a"), endpoint("a1", both("0.0.0.0:8080:80"))]);
  const on = `
                   | a2         | host
    172.30.1.2 80  | 172.30.1.3 | 172.30.1.1
    fd00:a::2 80   | fd00:a::3  | fd00:a::1
    192.0.2.1 8080 | 172.30.1.1 | 192.0.2.1`;
  t.is(await reach(world, on), tidy(on));
  await world.firewall.change([network("a", { icc: false })], []);
  const off = `
                   | a2         | host
    172.30.1.2 80  | timeout    | 172.30.1.1
    fd00:a::2 80   | timeout    | fd00:a::1
    192.0.2.1 8080 | 172.30.1.1 | 192.0.2.1`;
  t.is(await reach(world, off), tidy(off));
});

for (const bridgeNetfilter of [false, true]) {
  test.serial(`internal: nothing in or out but inside itself and the host's own addresses, br_netfilter ${bridgeNetfilter}`, async (t) => {
    await using world = await firewallWorld({ bridgeNetfilter });
    await serve(world, "a1", "b1", "outside");
    await world.peers.host.serve("tcp", 9000, "172.30.1.1");
    await world.peers.host.serve("udp", 9000, "172.30.1.1");
    const internal = network("a", { internal: true, masquerade4: false });
    await world.firewall.set([internal, network("b"), endpoint("a1", both("0.0.0.0:8080:80")), endpoint("b1", both("0.0.0.0:8090:80"))]);
    const table = `
                      | a2         | b1         | host       | outside
      172.30.1.2 80   | 172.30.1.3 | timeout    | 172.30.1.1 | timeout
      192.0.2.1 8080  | 172.30.1.1 | timeout    | 192.0.2.1  | timeout
      172.30.2.2 80   | timeout    | 172.30.2.2 | 172.30.2.1 | timeout
      192.0.2.1 8090  | timeout    | 172.30.2.1 | 192.0.2.1  | 192.0.2.2
      172.30.1.1 9000 | 172.30.1.3 | 172.30.2.2 | 172.30.1.1 | 192.0.2.2
      192.0.2.2 80    | timeout    | 192.0.2.1  | 192.0.2.1  | 192.0.2.2`;
    t.is(await reach(world, table), tidy(table));
  });
}

test.serial("routed: published ports and ping on the container's own address, no translation", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a1");
  const routed = { mode4: "routed", mode6: "routed", masquerade4: false, masquerade6: false } as const;
  await world.firewall.set([network("a", routed), network("b"), endpoint("a1", both("0.0.0.0:8080:80", "[::]:8080:80"), routed)]);
  const table = `
                   | a2         | b1         | host       | outside
    172.30.1.2 80  | 172.30.1.3 | 172.30.1.1 | 172.30.1.1 | 192.0.2.2
    fd00:a::2 80   | fd00:a::3  | fd00:a::1  | fd00:a::1  | 2001:db8:0:2::2
    172.30.1.2 81  | 172.30.1.3 | timeout    | 172.30.1.1 | timeout
    fd00:a::2 81   | fd00:a::3  | timeout    | fd00:a::1  | timeout
    192.0.2.1 8080 | refused    | refused    | refused    | refused`;
  t.is(await reach(world, table), tidy(table));
  t.true(await pings(world.host.outside, ADDRESS.a1.ipv4));
  t.true(await pings(world.host.outside, ADDRESS.a1.ipv6));
  t.false(await pings(world.host.outside, ADDRESS.b1.ipv4));
});

test.serial("nat-unprotected: translated, and every port on the container's own address; for one family", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a1");
  const open = { mode4: "nat-unprotected" } as const;
  await world.firewall.set([network("a", open), network("b"), endpoint("a1", both("0.0.0.0:8080:80"), open)]);
  const table = `
                   | b1         | outside
    172.30.1.2 81  | 172.30.1.1 | 192.0.2.2
    fd00:a::2 81   | timeout    | timeout
    192.0.2.1 8080 | 172.30.1.1 | 192.0.2.2`;
  t.is(await reach(world, table), tidy(table));
});

test.serial("masquerade: the outside sees the host, unless it is off for the network and the family", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "outside");
  await world.firewall.set([network("a"), network("b", { masquerade4: false })]);
  const table = `
                       | a1              | b1
    192.0.2.2 80       | 192.0.2.1       | 172.30.2.2
    2001:db8:0:2::2 80 | 2001:db8:0:2::1 | 2001:db8:0:2::1`;
  t.is(await reach(world, table), tidy(table));
});

test.serial("masquerade: not between containers of one network, though they route through the host", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a2");
  await world.firewall.set([network("a")]);
  await world.host.must(["sysctl", "-q", "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.br-a.send_redirects=0"]);
  await world.sandboxes.a1.must(["ip", "route", "add", ADDRESS.a2.ipv4, "via", "172.30.1.1"]);
  const table = `
                  | a1
    172.30.1.3 80 | 172.30.1.2`;
  t.is(await reach(world, table), tidy(table));
});

test.serial("somebody else's forwarding is left alone", async (t) => {
  await using world = await firewallWorld();
  await serve(world, "a1");
  await world.firewall.set([network("b")]);
  const table = `
                  | outside
    172.30.1.2 80 | 192.0.2.2
    172.30.1.2 81 | 192.0.2.2`;
  t.is(await reach(world, table), tidy(table));
});

async function pings(from: Netns, ip: string): Promise<boolean> {
  return (await from.run(["ping", "-c", "1", "-W", "1", ip])).status === 0;
}
