import test from "ava";
import { ADDRESS, endpoint, firewallWorld, type Name, network, type World } from "../support/firewall-world.ts";
import type { Netns } from "../support/netns.ts";
import type { Answer } from "../support/peer.ts";

const NOT_PUBLISHED = 81;
/** A new IPv6 link answers its neighbours after duplicate address detection, a second later. */
const UNTIL_NEIGHBOURS_ANSWER_MS = 4_000;

/** Serves port 80 (published or not) and 81 (never published), TCP and UDP, in containers. */
async function serve({ peers }: World, names: readonly Name[]): Promise<void> {
  for (const name of names) {
    for (const protocol of ["tcp", "udp"] as const) {
      await peers[name].serve(protocol, 80);
      await peers[name].serve(protocol, NOT_PUBLISHED);
    }
  }
}

function said(answer: Answer): string {
  return "from" in answer ? answer.from : answer.failed;
}

/** Asks every destination from everywhere at once, TCP and UDP, and prints who was seen asking: one row a destination. */
async function reach(
  { peers }: World,
  from: readonly Name[],
  destinations: readonly (readonly [ip: string, port: number])[],
  timeoutMs?: number,
): Promise<string[]> {
  return Promise.all(
    destinations.map(async ([ip, port]) => {
      const cells = await Promise.all(
        from.map(async (name) => {
          const [tcp, udp] = await Promise.all([peers[name].ask("tcp", ip, port, timeoutMs), peers[name].ask("udp", ip, port, timeoutMs)]);
          const [over, under] = [said(tcp), said(udp)];
          return over === under ? over : `tcp ${over} udp ${under}`;
        }),
      );
      return [`${ip} ${port}`, ...cells].join(" | ");
    }),
  );
}

const both = (...ports: string[]) => ports.flatMap((port) => [`${port}/tcp`, `${port}/udp`]);

test.serial("nat: who reaches which port of a container, and as whom", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1"]);
  const ports = both("0.0.0.0:8080:80", "127.0.0.1:8081:80", "192.0.2.1:8082:80", "172.30.2.1:8083:80");
  await world.firewall.set([network("a"), network("b"), endpoint("a1", ports)]);
  t.deepEqual(
    await reach(
      world,
      ["a2", "b1", "host", "outside"],
      [
        [ADDRESS.a1.ipv4, NOT_PUBLISHED],
        [ADDRESS.a1.ipv4, 80],
        ["192.0.2.1", 8080],
        ["172.30.1.1", 8080],
        ["127.0.0.1", 8080],
        ["127.0.0.1", 8081],
        ["192.0.2.1", 8081],
        ["192.0.2.1", 8082],
        ["172.30.1.1", 8082],
        ["172.30.2.1", 8083],
      ],
    ),
    [
      // destination | same network | other network | host | outside
      "172.30.1.2 81 | 172.30.1.3 | timeout | 172.30.1.1 | timeout",
      "172.30.1.2 80 | 172.30.1.3 | timeout | 172.30.1.1 | timeout",
      "192.0.2.1 8080 | 172.30.1.1 | 172.30.1.1 | 192.0.2.1 | 192.0.2.2",
      "172.30.1.1 8080 | 172.30.1.1 | 172.30.1.1 | 172.30.1.1 | 192.0.2.2",
      "127.0.0.1 8080 | refused | refused | 172.30.1.1 | refused",
      "127.0.0.1 8081 | refused | refused | 172.30.1.1 | refused",
      "192.0.2.1 8081 | refused | refused | refused | refused",
      "192.0.2.1 8082 | 172.30.1.1 | 172.30.1.1 | 192.0.2.1 | 192.0.2.2",
      "172.30.1.1 8082 | refused | refused | refused | refused",
      "172.30.2.1 8083 | 172.30.1.1 | 172.30.1.1 | 172.30.2.1 | 192.0.2.2",
    ],
  );
});

test.serial("nat: IPv6 as IPv4", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1"]);
  await world.firewall.set([network("a"), network("b"), endpoint("a1", both("[::]:8080:80", "[::1]:8081:80"))]);
  t.deepEqual(
    await reach(
      world,
      ["a2", "b1", "host", "outside"],
      [
        [ADDRESS.a1.ipv6, 80],
        ["2001:db8:0:2::1", 8080],
        ["::1", 8080],
        ["::1", 8081],
        ["2001:db8:0:2::1", 8081],
      ],
    ),
    [
      "fd00:a::2 80 | fd00:a::3 | timeout | fd00:a::1 | timeout",
      "2001:db8:0:2::1 8080 | fd00:a::1 | fd00:a::1 | 2001:db8:0:2::1 | 2001:db8:0:2::2",
      "::1 8080 | refused | refused | fd00:a::1 | refused",
      "::1 8081 | refused | refused | fd00:a::1 | refused",
      "2001:db8:0:2::1 8081 | refused | refused | refused | refused",
    ],
  );
});

test.serial("the loopback of the host is not reached from a container that routes to it, and not spoken for", async (t) => {
  await using world = await firewallWorld();
  const { firewall, host, peers, sandboxes } = world;
  await peers.host.serve("udp", 9000, "0.0.0.0");
  await firewall.set([network("a"), network("b")]);
  await sandboxes.a1.must(["ip", "-batch", "-"], {
    input: "route del local 127.0.0.0/8 dev lo table local\nroute del local 127.0.0.1 dev lo table local\n",
  });
  t.deepEqual(await peers.a1.ask("udp", "127.0.0.1", 9000), { failed: "timeout" });
  // While its gateway is still asked from a proper address, it learns whom to send to.
  t.true(await pings(sandboxes.a2, "172.30.1.1"));
  await sandboxes.a2.must(["sysctl", "-q", "net.ipv4.conf.eth0.route_localnet=1"]);
  await sandboxes.a2.must(["ip", "route", "replace", "172.30.1.1", "dev", "eth0", "src", "127.0.0.1"]);
  t.deepEqual(await peers.a2.ask("udp", "172.30.1.1", 9000), { failed: "timeout" });
  const rules = await host.must(["nft", "list", "chain", "inet", "netloom", "early"]);
  t.regex(rules, /daddr 127.0.0.0\/8 iifname @bridges counter packets 1 /);
  t.regex(rules, /saddr 127.0.0.0\/8 iifname @bridges counter packets 1 /);
});

for (const bridgeNetfilter of [false, true]) {
  test.serial(`hairpin: a container reaches itself and its neighbour by the host's address, br_netfilter ${bridgeNetfilter}`, async (t) => {
    await using world = await firewallWorld({ bridgeNetfilter });
    await serve(world, ["a1"]);
    await world.firewall.set([network("a", { icc: false }), endpoint("a1", both("0.0.0.0:8080:80", "[::]:8080:80"))]);
    const rows = await reach(
      world,
      ["a1", "a2"],
      [
        ["192.0.2.1", 8080],
        ["2001:db8:0:2::1", 8080],
      ],
    );
    t.deepEqual(rows, ["192.0.2.1 8080 | 172.30.1.1 | 172.30.1.1", "2001:db8:0:2::1 8080 | fd00:a::1 | fd00:a::1"]);
  });
}

test.serial("icc off: bridged packets are dropped too where br_netfilter shows them, published ports stay open", async (t) => {
  await using world = await firewallWorld({ bridgeNetfilter: true });
  await serve(world, ["a1"]);
  const destinations = [
    [ADDRESS.a1.ipv4, 80],
    [ADDRESS.a1.ipv6, 80],
    ["192.0.2.1", 8080],
  ] as const;
  await world.firewall.set([network("a"), endpoint("a1", both("0.0.0.0:8080:80"))]);
  t.deepEqual(await reach(world, ["a2", "host"], destinations), [
    "172.30.1.2 80 | 172.30.1.3 | 172.30.1.1",
    "fd00:a::2 80 | fd00:a::3 | fd00:a::1",
    "192.0.2.1 8080 | 172.30.1.1 | 192.0.2.1",
  ]);
  await world.firewall.change([network("a", { icc: false })], []);
  t.deepEqual(await reach(world, ["a2", "host"], destinations), [
    "172.30.1.2 80 | timeout | 172.30.1.1",
    "fd00:a::2 80 | timeout | fd00:a::1",
    "192.0.2.1 8080 | 172.30.1.1 | 192.0.2.1",
  ]);
});

test.serial("internal: nothing in or out but inside itself and the host's own address", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1", "b1"]);
  await world.peers.outside.serve("tcp", 80);
  await world.peers.outside.serve("udp", 80);
  await world.peers.host.serve("tcp", 9000, "172.30.1.1");
  await world.peers.host.serve("udp", 9000, "172.30.1.1");
  await world.firewall.set([
    network("a", { internal: true, masquerade4: false }),
    network("b"),
    endpoint("a1", both("0.0.0.0:8080:80")),
    endpoint("b1", both("0.0.0.0:8090:80")),
  ]);
  t.deepEqual(
    await reach(
      world,
      ["a2", "b1", "host", "outside"],
      [
        [ADDRESS.a1.ipv4, 80],
        ["192.0.2.1", 8080],
        [ADDRESS.b1.ipv4, 80],
        ["192.0.2.1", 8090],
        ["172.30.1.1", 9000],
        ["192.0.2.2", 80],
      ],
    ),
    [
      "172.30.1.2 80 | 172.30.1.3 | timeout | 172.30.1.1 | timeout",
      "192.0.2.1 8080 | 172.30.1.1 | timeout | 192.0.2.1 | timeout",
      "172.30.2.2 80 | timeout | 172.30.2.2 | 172.30.2.1 | timeout",
      "192.0.2.1 8090 | timeout | 172.30.2.1 | 192.0.2.1 | 192.0.2.2",
      "172.30.1.1 9000 | 172.30.1.3 | 172.30.2.2 | 172.30.1.1 | 192.0.2.2",
      "192.0.2.2 80 | timeout | 192.0.2.1 | 192.0.2.1 | 192.0.2.2",
    ],
  );
});

test.serial("routed: published ports and ping on the container's own address, no translation", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1"]);
  const routed = { mode4: "routed", mode6: "routed", masquerade4: false, masquerade6: false } as const;
  await world.firewall.set([network("a", routed), network("b"), endpoint("a1", both("0.0.0.0:8080:80", "[::]:8080:80"), routed)]);
  t.deepEqual(
    await reach(
      world,
      ["a2", "b1", "host", "outside"],
      [
        [ADDRESS.a1.ipv4, 80],
        [ADDRESS.a1.ipv6, 80],
        [ADDRESS.a1.ipv4, NOT_PUBLISHED],
        ["192.0.2.1", 8080],
      ],
    ),
    [
      "172.30.1.2 80 | 172.30.1.3 | 172.30.1.1 | 172.30.1.1 | 192.0.2.2",
      "fd00:a::2 80 | fd00:a::3 | fd00:a::1 | fd00:a::1 | 2001:db8:0:2::2",
      "172.30.1.2 81 | 172.30.1.3 | timeout | 172.30.1.1 | timeout",
      "192.0.2.1 8080 | refused | refused | refused | refused",
    ],
  );
  t.true(await pings(world.host.outside, ADDRESS.a1.ipv4));
  t.true(await pings(world.host.outside, ADDRESS.a1.ipv6));
  t.false(await pings(world.host.outside, ADDRESS.b1.ipv4));
});

test.serial("nat-unprotected: translated, and every port on the container's own address", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1"]);
  const open = { mode4: "nat-unprotected" } as const;
  await world.firewall.set([network("a", open), network("b"), endpoint("a1", both("0.0.0.0:8080:80"), open)]);
  t.deepEqual(
    await reach(
      world,
      ["b1", "outside"],
      [
        [ADDRESS.a1.ipv4, NOT_PUBLISHED],
        [ADDRESS.a1.ipv6, NOT_PUBLISHED],
        ["192.0.2.1", 8080],
      ],
    ),
    ["172.30.1.2 81 | 172.30.1.1 | 192.0.2.2", "fd00:a::2 81 | timeout | timeout", "192.0.2.1 8080 | 172.30.1.1 | 192.0.2.2"],
  );
});

test.serial("masquerade: the outside sees the host, unless it is off for the network or the family", async (t) => {
  await using world = await firewallWorld();
  await world.peers.outside.serve("tcp", 80);
  await world.peers.outside.serve("udp", 80);
  await world.firewall.set([network("a"), network("b", { masquerade4: false })]);
  t.deepEqual(
    await reach(
      world,
      ["a1", "b1"],
      [
        ["192.0.2.2", 80],
        ["2001:db8:0:2::2", 80],
      ],
      UNTIL_NEIGHBOURS_ANSWER_MS,
    ),
    ["192.0.2.2 80 | 192.0.2.1 | 172.30.2.2", "2001:db8:0:2::2 80 | 2001:db8:0:2::1 | 2001:db8:0:2::1"],
  );
});

test.serial("change: one id comes and goes, the others and the flows that run stay", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1", "a2", "b1"]);
  const { firewall, peers } = world;
  const destinations = [
    ["192.0.2.1", 8080],
    ["192.0.2.1", 8090],
  ] as const;
  await firewall.set([network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))]);
  const running = await peers.outside.hold("192.0.2.1", 8080);
  t.deepEqual(await running.say(), { from: "192.0.2.2" });

  await firewall.change([endpoint("b1", both("0.0.0.0:8090:80"))], []);
  t.deepEqual(await reach(world, ["outside"], destinations), ["192.0.2.1 8080 | 192.0.2.2", "192.0.2.1 8090 | 192.0.2.2"]);

  await firewall.change([endpoint("a2", both("0.0.0.0:8080:80"))], ["endpoint-a1"]);
  t.deepEqual(await reach(world, ["outside"], destinations), ["192.0.2.1 8080 | 192.0.2.2", "192.0.2.1 8090 | 192.0.2.2"]);
  t.deepEqual(await running.say(), { from: "192.0.2.2" });

  await firewall.change([], ["endpoint-a2", "endpoint-b1", "endpoint-unheard-of"]);
  t.deepEqual(await reach(world, ["outside"], destinations), ["192.0.2.1 8080 | refused", "192.0.2.1 8090 | refused"]);
  t.deepEqual(await running.say(), { from: "192.0.2.2" });
});

test.serial("flushed rules come back with set, and with the next change", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1"]);
  const { firewall, host } = world;
  const policies = [network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))];
  await firewall.set(policies);
  const listed = await host.must(["nft", "list", "ruleset"]);
  const works = async () => t.deepEqual(await reach(world, ["outside"], [["192.0.2.1", 8080]]), ["192.0.2.1 8080 | 192.0.2.2"]);
  await works();

  await host.must(["nft", "flush", "ruleset"]);
  await firewall.set(policies);
  await works();

  await host.must(["nft", "flush", "ruleset"]);
  await firewall.change([], ["endpoint-unheard-of"]);
  t.is(await host.must(["nft", "list", "ruleset"]), "", "what changes nothing sends nothing");
  await firewall.change([endpoint("b1", both("0.0.0.0:8090:80"))], []);
  await works();
  await firewall.change([], ["endpoint-b1"]);
  await firewall.set(policies);
  t.is(withoutCounters(await host.must(["nft", "list", "ruleset"])), withoutCounters(listed), "setting twice is setting once");
});

test.serial("the chain user is met first and keeps what a person put there", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1"]);
  const { firewall, host } = world;
  const policies = [network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))];
  const outside = () => reach(world, ["outside"], [["192.0.2.1", 8080]]);
  await firewall.set(policies);
  await host.must(["nft", "add", "rule", "inet", "netloom", "user", "ip", "saddr", "192.0.2.2", "counter", "drop"]);
  t.deepEqual(await outside(), ["192.0.2.1 8080 | timeout"]);
  await firewall.set(policies);
  t.deepEqual(await outside(), ["192.0.2.1 8080 | timeout"]);
  await firewall.clear();
  const left = await host.must(["nft", "--stateless", "list", "ruleset"]);
  t.is(left.replace(/\s+/g, " ").trim(), "table inet netloom { chain user { ip saddr 192.0.2.2 counter drop } }");
  await host.must(["nft", "flush", "chain", "inet", "netloom", "user"]);
  await firewall.clear();
  t.is(await host.must(["nft", "list", "ruleset"]), "");
});

async function pings(from: Netns, ip: string): Promise<boolean> {
  return (await from.run(["ping", "-c", "1", "-W", "1", ip])).status === 0;
}

function withoutCounters(listing: string): string {
  return listing.replaceAll(/packets \d+ bytes \d+/g, "");
}
