import test from "ava";
import { ADDRESS, endpoint, firewallWorld, type Name, network, type World } from "../support/firewall-world.ts";
import type { Answer } from "../support/peer.ts";

const NOT_PUBLISHED = 81;

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
): Promise<string[]> {
  return Promise.all(
    destinations.map(async ([ip, port]) => {
      const cells = await Promise.all(
        from.map(async (name) => {
          const [tcp, udp] = await Promise.all([peers[name].ask("tcp", ip, port), peers[name].ask("udp", ip, port)]);
          const [over, under] = [said(tcp), said(udp)];
          return over === under ? over : `tcp ${over} udp ${under}`;
        }),
      );
      return [`${ip} ${port}`, ...cells].join(" | ");
    }),
  );
}

test.serial("nat: who reaches which port of a container", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1"]);
  const both = (text: string) => [`${text}/tcp`, `${text}/udp`];
  const ports = [...both("0.0.0.0:8080:80"), ...both("127.0.0.1:8081:80"), ...both("192.0.2.1:8082:80"), ...both("172.30.2.1:8083:80")];
  await world.firewall.set([network("a"), network("b"), endpoint("a1", ports)]);
  const from: Name[] = ["a2", "b1", "host", "outside"];
  t.deepEqual(
    await reach(world, from, [
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
    ]),
    [
      // destination        | same network | other network | host          | outside
      "172.30.1.2 81 | 172.30.1.3 | timeout | 172.30.1.1 | timeout",
      "172.30.1.2 80 | 172.30.1.3 | timeout | 172.30.1.1 | timeout",
      "192.0.2.1 8080 | 172.30.1.1 | 172.30.2.2 | 192.0.2.1 | 192.0.2.2",
      "172.30.1.1 8080 | 172.30.1.1 | 172.30.2.2 | 172.30.1.1 | 192.0.2.2",
      "127.0.0.1 8080 | refused | refused | 172.30.1.1 | refused",
      "127.0.0.1 8081 | refused | refused | 172.30.1.1 | refused",
      "192.0.2.1 8081 | refused | refused | refused | refused",
      "192.0.2.1 8082 | 172.30.1.1 | 172.30.2.2 | 192.0.2.1 | 192.0.2.2",
      "172.30.1.1 8082 | refused | refused | refused | refused",
      "172.30.2.1 8083 | 172.30.1.1 | 172.30.2.2 | 172.30.2.1 | 192.0.2.2",
    ],
  );
});

test.serial("nat: IPv6 as IPv4", async (t) => {
  await using world = await firewallWorld();
  await serve(world, ["a1"]);
  const ports = ["[::]:8080:80/tcp", "[::]:8080:80/udp", "[::1]:8081:80/tcp", "[::1]:8081:80/udp"];
  await world.firewall.set([network("a"), network("b"), endpoint("a1", ports)]);
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
      "2001:db8:0:2::1 8080 | fd00:a::1 | fd00:b::2 | 2001:db8:0:2::1 | 2001:db8:0:2::2",
      "::1 8080 | refused | refused | fd00:a::1 | refused",
      "::1 8081 | refused | refused | fd00:a::1 | refused",
      "2001:db8:0:2::1 8081 | refused | refused | refused | refused",
    ],
  );
});
