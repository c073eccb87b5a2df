import test from "ava";
import { clearLeftovers } from "../../src/firewall/choose.ts";
import type { Features } from "../../src/model/kernel.ts";
import { BACKENDS, iptablesBackend, NFTABLES, runIn, SILENT } from "../support/firewall-backends.ts";
import { endpoint, firewallWorld, network } from "../support/firewall-world.ts";
import { netns } from "../support/netns.ts";
import { nftKernel } from "../support/nft-kernel.ts";
import { both, reach, serve, tidy } from "../support/reach.ts";

// Chains that are shared with everybody else on the host, and rules that somebody left in them.

const POLICIES = [network("a"), network("b"), endpoint("a1", both("0.0.0.0:8080:80"))];

for (const flavour of ["nft", "legacy"] as const) {
  const backend = iptablesBackend(flavour);
  const iptables = `iptables-${flavour}`;

  test.serial(`${backend.name}: set makes its own rules exactly so and leaves those of others`, async (t) => {
    await using host = await netns();
    const { firewall } = backend.make(host);
    await firewall.set(POLICIES);
    const made = await backend.list(host);
    await host.must([`${iptables}-restore`, "--noflush", "--wait", "10"], {
      input: `*filter
:NETLOOM-OLD - [0:0]
:NETLOOM-TO-br-old - [0:0]
:THEIRS - [0:0]
-I FORWARD 1 -j NETLOOM-FORWARD
-I FORWARD 1 -j NETLOOM-USER
-I FORWARD 1 -j THEIRS
-A FORWARD -j NETLOOM-FORWARD
-A FORWARD -s 198.51.100.0/24 -j NETLOOM-USER
-A THEIRS -m comment --comment "kept for -j NETLOOM-OLD" -j ACCEPT
-A THEIRS -i eth1 -j NETLOOM-OLD
-A NETLOOM-OLD -j DROP
-A NETLOOM-OLD -j NETLOOM-TO-br-old
-A NETLOOM-TO-br-a -j ACCEPT
-F NETLOOM-IN
COMMIT
*nat
-A POSTROUTING -j NETLOOM-POSTROUTING
-A POSTROUTING -s 198.51.100.0/24 -j MASQUERADE
COMMIT
`,
    });
    await firewall.set(POLICIES);
    const theirs = [
      `${iptables} filter :NETLOOM-OLD -`,
      `${iptables} filter -A FORWARD -j THEIRS`,
      `${iptables} filter -A FORWARD -s 198.51.100.0/24 -j NETLOOM-USER`,
      `${iptables} filter -A THEIRS -m comment --comment "kept for -j NETLOOM-OLD" -j ACCEPT`,
      `${iptables} filter -A THEIRS -i eth1 -j NETLOOM-OLD`,
      `${iptables} nat -A POSTROUTING -s 198.51.100.0/24 -j MASQUERADE`,
    ];
    const now = (await backend.list(host)).split("\n");
    t.deepEqual(now.filter((line) => !theirs.includes(line)).toSorted(), made.split("\n").toSorted());
    t.deepEqual(now.filter((line) => theirs.includes(line)).toSorted(), theirs.toSorted());
    const forward = now.filter((line) => line.includes("-A FORWARD") && line.startsWith(`${iptables} `));
    t.deepEqual(forward.slice(0, 2), [`${iptables} filter -A FORWARD -j NETLOOM-USER`, `${iptables} filter -A FORWARD -j NETLOOM-FORWARD`]);

    await firewall.clear();
    const left = (await backend.list(host)).split("\n");
    t.deepEqual(left.toSorted(), [...theirs, `${iptables} filter :NETLOOM-USER -`].toSorted(), "what a person's rules lead to cannot go");
  });

  test.serial(`${backend.name}: a change finds out that only the way to our chains is gone`, async (t) => {
    await using host = await netns();
    const { firewall } = backend.make(host);
    await firewall.set(POLICIES);
    const made = await backend.list(host);
    for (const [table, chain] of [
      ["filter", "FORWARD"],
      ["nat", "PREROUTING"],
      ["nat", "POSTROUTING"],
    ] as const) {
      await host.must([iptables, "-w", "-t", table, "-F", chain]);
      await firewall.change([endpoint("b1", ["0.0.0.0:8090:80"])], []);
      await firewall.change([], ["endpoint-b1"]);
      t.is(await backend.list(host), made, `${table} ${chain}`);
    }
  });

  test.serial(`${backend.name}: under a FORWARD policy of DROP ours are forwarded`, async (t) => {
    await using world = await firewallWorld({ backend });
    await serve(world, "a1", "outside");
    for (const family of ["iptables", "ip6tables"]) await world.host.must([`${family}-${flavour}`, "-w", "-P", "FORWARD", "DROP"]);
    await world.firewall.set(POLICIES);
    const table = `
                         | a2              | b1              | outside
      192.0.2.1 8080     | 172.30.1.1      | 172.30.1.1      | 192.0.2.2
      172.30.1.2 81      | 172.30.1.3      | timeout         | timeout
      192.0.2.2 80       | 192.0.2.1       | 192.0.2.1       | 192.0.2.2
      2001:db8:0:2::2 80 | 2001:db8:0:2::1 | 2001:db8:0:2::1 | 2001:db8:0:2::2`;
    t.is(await reach(world, table), tidy(table));
  });

  test.serial(`${backend.name}: bridges whose names begin alike, and ports far and near`, async (t) => {
    await using host = await netns();
    const { firewall } = backend.make(host);
    const named = (bridge: string) => ({ ...network("a"), id: bridge, bridge });
    const ports = both("0.0.0.0:1:80", "0.0.0.0:65535:80", "0.0.0.0:65534:80", "192.0.2.1:2048:80");
    await firewall.set([]);
    const nothing = await backend.list(host);
    await firewall.change([named("br-0123456789ab"), named("br-0123456789ac"), named("br-1"), endpoint("a1", ports)], []);
    const all = (await backend.list(host)).split("\n").toSorted();
    await firewall.set([named("br-0123456789ab"), named("br-0123456789ac"), named("br-1"), endpoint("a1", ports)]);
    t.deepEqual((await backend.list(host)).split("\n").toSorted(), all);
    await firewall.change([], ["br-0123456789ab", "br-0123456789ac", "br-1", "endpoint-a1"]);
    t.is(await backend.list(host), nothing);
  });
}

for (const chosen of BACKENDS) {
  test.serial(`who chooses ${chosen.name} is rid of what the others made`, async (t) => {
    await using host = await netns();
    using kernel = nftKernel(host.path);
    const made = BACKENDS.map((backend) => backend.make(host));
    for (const { firewall } of made) await firewall.set(POLICIES);
    const before = await chosen.list(host);
    // On this host `iptables` is the one over nf_tables; here it is what was chosen.
    const run: ReturnType<typeof runIn> = async (argv, input) =>
      argv.includes("--version")
        ? { status: 0, stdout: chosen.name.replace("iptables-nft", "nf_tables"), stderr: "" }
        : runIn(host)(argv, input);
    const features = async () => ({ nftables: true }) as Features;
    await clearLeftovers(chosen === NFTABLES ? "nftables" : "iptables", { kernel: { ...kernel, features }, run, log: SILENT });
    for (const backend of BACKENDS) {
      if (backend === chosen) t.is(await backend.list(host), before);
      else t.notRegex(await backend.list(host), /netloom/i, backend.name);
    }
    for (const { close } of made) close();
  });
}
