import test from "ava";
import type { NetworkPolicy, Policy } from "../../src/model/policy.ts";
import { BACKENDS, type Backend } from "../support/firewall-backends.ts";
import { endpoint, firewallWorld, network, type World } from "../support/firewall-world.ts";
import { both, reach, serve, tidy } from "../support/reach.ts";

// What every firewall backend must do to packets, whatever its rules are. A host has network a with the containers a1 and a2 and network b
// with b1, and there is somebody outside who has a route to the networks. A table has who asks, whom, and as whom they are seen when they
// get an answer over TCP and UDP alike. a1 publishes, and serves ports 80, 81 and 91; 81 is never published.
// The host's addresses: 192.0.2.1 and 2001:db8:0:2::1 on the wire, .1 and ::1 of each network.

interface Case {
  what: string;
  policies: Policy[];
  table: string;
  /** net.bridge.bridge-nf-call-*: are packets within a bridge shown to the rules? Default: no. */
  bridgeNetfilter?: boolean;
}

type Options = Partial<Pick<NetworkPolicy, "mode4" | "mode6" | "icc" | "internal" | "masquerade4" | "masquerade6">>;

const PORTS4 = both(
  "0.0.0.0:8080:80",
  "127.0.0.1:8081:80",
  "192.0.2.1:8082:80",
  "172.30.2.1:8083:80",
  "0.0.0.0:8090:90",
  "0.0.0.0:8091:91",
);
const PORTS6 = both("[::]:8080:80", "[::1]:8081:80", "[2001:db8:0:2::1]:8082:80", "[::]:8090:90", "[::]:8091:91");

/** Network a so, with a1 publishing, and network b as networks are by default, with b1 publishing its port 80 as 8180. */
function a(options: Options): Policy[] {
  const { mode4 = "nat", mode6 = "nat" } = options;
  return [
    network("a", options),
    network("b"),
    endpoint("a1", [...PORTS4, ...PORTS6], { mode4, mode6 }),
    endpoint("b1", both("0.0.0.0:8180:80", "[::]:8180:80")),
  ];
}

const ROUTED: Options = { mode4: "routed", mode6: "routed", masquerade4: false, masquerade6: false };
const OPEN: Options = { mode4: "nat-unprotected", mode6: "nat-unprotected" };
/** As drivers make them: an internal network is not masqueraded, having no way out. */
const INTERNAL: Options = { internal: true, masquerade4: false, masquerade6: false };

const CASES: Case[] = [
  {
    what: "nat, IPv4",
    policies: a({}),
    table: `
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
      172.30.2.1 8083 | 172.30.1.1 | 172.30.1.1 | 172.30.2.1 | 192.0.2.2
      192.0.2.1 8091  | 172.30.1.1 | 172.30.1.1 | 192.0.2.1  | 192.0.2.2
      192.0.2.1 8092  | refused    | refused    | refused    | refused`,
  },
  {
    what: "nat, IPv6",
    policies: a({}),
    table: `
                            | a2        | b1        | host            | outside
      fd00:a::2 81          | fd00:a::3 | timeout   | fd00:a::1       | timeout
      fd00:a::2 80          | fd00:a::3 | timeout   | fd00:a::1       | timeout
      2001:db8:0:2::1 8080  | fd00:a::1 | fd00:a::1 | 2001:db8:0:2::1 | 2001:db8:0:2::2
      fd00:a::1 8080        | fd00:a::1 | fd00:a::1 | fd00:a::1       | 2001:db8:0:2::2
      ::1 8080              | refused   | refused   | fd00:a::1       | refused
      ::1 8081              | refused   | refused   | fd00:a::1       | refused
      2001:db8:0:2::1 8081  | refused   | refused   | refused         | refused
      2001:db8:0:2::1 8082  | fd00:a::1 | fd00:a::1 | 2001:db8:0:2::1 | 2001:db8:0:2::2
      fd00:a::1 8082        | refused   | refused   | refused         | refused
      2001:db8:0:2::1 8091  | fd00:a::1 | fd00:a::1 | 2001:db8:0:2::1 | 2001:db8:0:2::2`,
  },
  {
    what: "nat-unprotected: translated, and every port on the container's own address",
    policies: a(OPEN),
    table: `
                           | a2         | b1         | host            | outside
      172.30.1.2 81        | 172.30.1.3 | 172.30.1.1 | 172.30.1.1      | 192.0.2.2
      172.30.1.2 80        | 172.30.1.3 | 172.30.1.1 | 172.30.1.1      | 192.0.2.2
      192.0.2.1 8080       | 172.30.1.1 | 172.30.1.1 | 192.0.2.1       | 192.0.2.2
      127.0.0.1 8081       | refused    | refused    | 172.30.1.1      | refused
      172.30.2.2 80        | timeout    | 172.30.2.2 | 172.30.2.1      | timeout
      fd00:a::2 81         | fd00:a::3  | fd00:a::1  | fd00:a::1       | 2001:db8:0:2::2
      2001:db8:0:2::1 8080 | fd00:a::1  | fd00:a::1  | 2001:db8:0:2::1 | 2001:db8:0:2::2
      fd00:b::2 80         | timeout    | fd00:b::2  | fd00:b::1       | timeout`,
  },
  {
    what: "routed: published ports on the container's own address, and no translation",
    policies: a(ROUTED),
    table: `
                     | a2         | b1         | host       | outside
      172.30.1.2 81  | 172.30.1.3 | timeout    | 172.30.1.1 | timeout
      172.30.1.2 80  | 172.30.1.3 | 172.30.1.1 | 172.30.1.1 | 192.0.2.2
      172.30.1.2 91  | 172.30.1.3 | 172.30.1.1 | 172.30.1.1 | 192.0.2.2
      192.0.2.1 8080 | refused    | refused    | refused    | refused
      127.0.0.1 8081 | refused    | refused    | refused    | refused
      fd00:a::2 81   | fd00:a::3  | timeout    | fd00:a::1  | timeout
      fd00:a::2 80   | fd00:a::3  | fd00:a::1  | fd00:a::1  | 2001:db8:0:2::2
      172.30.2.2 80  | timeout    | 172.30.2.2 | 172.30.2.1 | timeout
      192.0.2.1 8180 | 172.30.1.3 | 172.30.2.1 | 192.0.2.1  | 192.0.2.2`,
  },
  {
    what: "one mode for each family: nat for IPv4, routed for IPv6",
    policies: a({ mode6: "routed", masquerade6: false }),
    table: `
                           | a2         | b1         | outside
      172.30.1.2 80        | 172.30.1.3 | timeout    | timeout
      192.0.2.1 8080       | 172.30.1.1 | 172.30.1.1 | 192.0.2.2
      fd00:a::2 80         | fd00:a::3  | fd00:a::1  | 2001:db8:0:2::2
      fd00:a::2 81         | fd00:a::3  | timeout    | timeout
      2001:db8:0:2::1 8080 | refused    | refused    | refused`,
  },
  {
    what: "isolated: as internal, and published ports lead nowhere",
    policies: a({ ...INTERNAL, mode4: "isolated", mode6: "isolated" }),
    table: `
                     | a2         | b1         | host       | outside
      172.30.1.2 80  | 172.30.1.3 | timeout    | 172.30.1.1 | timeout
      192.0.2.1 8080 | refused    | refused    | refused    | refused
      127.0.0.1 8081 | refused    | refused    | refused    | refused
      172.30.2.2 80  | timeout    | 172.30.2.2 | 172.30.2.1 | timeout
      192.0.2.2 80   | timeout    | 192.0.2.1  | 192.0.2.1  | 192.0.2.2`,
  },
  ...[false, true].map((bridgeNetfilter) => ({
    what: "internal: nothing in or out but inside itself and the host's own addresses",
    bridgeNetfilter,
    policies: a(INTERNAL),
    table: `
                           | a2         | b1         | host            | outside
      172.30.1.2 80        | 172.30.1.3 | timeout    | 172.30.1.1      | timeout
      192.0.2.1 8080       | 172.30.1.1 | timeout    | 192.0.2.1       | timeout
      127.0.0.1 8081       | refused    | refused    | 172.30.1.1      | refused
      172.30.1.1 9000      | 172.30.1.3 | 172.30.2.2 | 172.30.1.1      | 192.0.2.2
      172.30.2.2 80        | timeout    | 172.30.2.2 | 172.30.2.1      | timeout
      192.0.2.1 8180       | timeout    | 172.30.2.1 | 192.0.2.1       | 192.0.2.2
      192.0.2.2 80         | timeout    | 192.0.2.1  | 192.0.2.1       | 192.0.2.2
      fd00:a::2 80         | fd00:a::3  | timeout    | fd00:a::1       | timeout
      2001:db8:0:2::1 8080 | fd00:a::1  | timeout    | 2001:db8:0:2::1 | timeout
      2001:db8:0:2::2 80   | timeout    | 2001:db8:0:2::1 | 2001:db8:0:2::1 | 2001:db8:0:2::2`,
  })),
  {
    what: "icc on: containers of one network talk to each other",
    bridgeNetfilter: true,
    policies: a({}),
    table: `
                           | a1              | a2         | host
      172.30.1.2 81        | 172.30.1.2      | 172.30.1.3 | 172.30.1.1
      192.0.2.1 8080       | 172.30.1.1      | 172.30.1.1 | 192.0.2.1
      fd00:a::2 81         | fd00:a::2       | fd00:a::3  | fd00:a::1
      2001:db8:0:2::1 8080 | fd00:a::1       | fd00:a::1  | 2001:db8:0:2::1`,
  },
  {
    what: "icc off: only by published ports, where packets within a bridge are shown to the rules",
    bridgeNetfilter: true,
    policies: a({ icc: false }),
    table: `
                           | a1         | a2         | b1         | host            | outside
      172.30.1.2 81        | 172.30.1.2 | timeout    | timeout    | 172.30.1.1      | timeout
      172.30.1.2 80        | 172.30.1.2 | timeout    | timeout    | 172.30.1.1      | timeout
      192.0.2.1 8080       | 172.30.1.1 | 172.30.1.1 | 172.30.1.1 | 192.0.2.1       | 192.0.2.2
      fd00:a::2 80         | fd00:a::2  | timeout    | timeout    | fd00:a::1       | timeout
      2001:db8:0:2::1 8080 | fd00:a::1  | fd00:a::1  | fd00:a::1  | 2001:db8:0:2::1 | 2001:db8:0:2::2`,
  },
  {
    what: "icc off, routed: the outside reaches published ports, neighbours reach none",
    bridgeNetfilter: true,
    policies: a({ ...ROUTED, icc: false }),
    table: `
                     | a2      | b1         | outside
      172.30.1.2 80  | timeout | 172.30.1.1 | 192.0.2.2
      172.30.1.2 81  | timeout | timeout    | timeout
      fd00:a::2 80   | timeout | fd00:a::1  | 2001:db8:0:2::2`,
  },
  {
    what: "icc off, nat-unprotected: the outside reaches every port, neighbours reach none",
    bridgeNetfilter: true,
    policies: a({ ...OPEN, icc: false }),
    table: `
                     | a2         | b1         | outside
      172.30.1.2 81  | timeout    | 172.30.1.1 | 192.0.2.2
      192.0.2.1 8080 | 172.30.1.1 | 172.30.1.1 | 192.0.2.2
      fd00:a::2 81   | timeout    | fd00:a::1  | 2001:db8:0:2::2`,
  },
  {
    what: "icc off, internal: nobody but the host",
    bridgeNetfilter: true,
    policies: a({ ...INTERNAL, icc: false }),
    table: `
                     | a2         | b1      | host       | outside
      172.30.1.2 80  | timeout    | timeout | 172.30.1.1 | timeout
      192.0.2.1 8080 | timeout    | timeout | 192.0.2.1  | timeout
      fd00:a::2 80   | timeout    | timeout | fd00:a::1  | timeout`,
  },
  ...[false, true].map((bridgeNetfilter) => ({
    what: "hairpin: a container reaches itself and its neighbour by the host's address",
    bridgeNetfilter,
    policies: a({}),
    table: `
                           | a1         | a2
      192.0.2.1 8080       | 172.30.1.1 | 172.30.1.1
      2001:db8:0:2::1 8080 | fd00:a::1  | fd00:a::1`,
  })),
  {
    what: "masquerade: the outside sees the host, unless it is off for the network and the family",
    policies: [network("a"), network("b", { masquerade4: false })],
    table: `
                         | a1              | b1
      192.0.2.2 80       | 192.0.2.1       | 172.30.2.2
      2001:db8:0:2::2 80 | 2001:db8:0:2::1 | 2001:db8:0:2::1`,
  },
  {
    what: "a network of one family: its containers are not entered in the other",
    policies: [{ ...network("a"), subnets: network("a").subnets.slice(0, 1) }, network("b")],
    table: `
                   | a2         | b1      | outside
      172.30.1.2 81 | 172.30.1.3 | timeout | timeout
      fd00:a::2 81  | fd00:a::3  | timeout | timeout`,
  },
  {
    what: "somebody else's forwarding is left alone",
    policies: [network("b")],
    table: `
                    | outside
      172.30.1.2 80 | 192.0.2.2
      172.30.1.2 81 | 192.0.2.2
      fd00:a::2 81  | 2001:db8:0:2::2`,
  },
  {
    what: "no network: no rule for anybody",
    policies: [],
    table: `
                    | b1         | outside
      172.30.1.2 81 | 172.30.2.2 | 192.0.2.2
      192.0.2.2 80  | 172.30.2.2 | 192.0.2.2`,
  },
];

/** One world at a time, for the tests that follow each other in it: each sets all of its rules. */
function lastingWorld() {
  let current: { world: World; backend: Backend; bridgeNetfilter: boolean } | undefined;
  const end = async () => {
    await current?.world[Symbol.asyncDispose]();
    current = undefined;
  };
  return {
    end,
    async of(backend: Backend, bridgeNetfilter: boolean): Promise<World> {
      if (current?.backend === backend && current.bridgeNetfilter === bridgeNetfilter) return current.world;
      await end();
      const world = await firewallWorld({ backend, bridgeNetfilter });
      current = { world, backend, bridgeNetfilter };
      await serve(world, "a1", "b1", "outside");
      for (const protocol of ["tcp", "udp"] as const) await world.peers.host.serve(protocol, 9000, "172.30.1.1");
      return world;
    },
  };
}

const worlds = lastingWorld();
test.after.always(() => worlds.end());

for (const backend of BACKENDS) {
  for (const bridgeNetfilter of [false, true]) {
    for (const { what, policies, table } of CASES.filter((one) => (one.bridgeNetfilter ?? false) === bridgeNetfilter)) {
      test.serial(`${backend.name}${bridgeNetfilter ? ", br_netfilter" : ""}: ${what}`, async (t) => {
        const world = await worlds.of(backend, bridgeNetfilter);
        await world.firewall.set(policies);
        // A flow that an earlier table allowed is established, and would be let through here.
        await world.host.must(["conntrack", "-F"]);
        t.is(await reach(world, table), tidy(table));
      });
    }
  }
}
