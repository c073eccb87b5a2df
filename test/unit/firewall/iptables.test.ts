import test from "ava";
import fc from "fast-check";
import { parseCidr, parseIp } from "../../../src/model/address.ts";
import type { PortBinding, Protocol } from "../../../src/model/endpoint.ts";
import type { EndpointPolicy, GatewayMode, NetworkPolicy, Policy } from "../../../src/model/policy.ts";
import { recordedIptables } from "./iptables-fake.ts";
import { endpoint, network, port } from "./policies.ts";

const A = endpoint("a", [port("0.0.0.0", 8080, 80)]);
const B = endpoint("b", [port("0.0.0.0", 8081, 81)], { ipv4: parseIp("172.18.0.3") });
const NO_PROGRAM = Object.assign(new Error("spawn ENOENT"), { code: "ENOENT" });

test("a change of IPv4 ports is one program, with the rules that change and nothing else", async (t) => {
  const { firewall, taken } = recordedIptables();
  await firewall.set([network(), A]);
  taken();
  await firewall.change([B], []);
  const [added, ...more] = taken();
  t.is(
    added,
    `# iptables-restore --noflush --wait 10
*filter
-C FORWARD -j NETLOOM-USER
-C FORWARD -j NETLOOM-FORWARD
-A NETLOOM-PUB-br-web -d 172.18.0.3/32 -p tcp -m tcp --dport 81 -j ACCEPT
COMMIT
*nat
-C PREROUTING -j NETLOOM-PREROUTING
-C OUTPUT -j NETLOOM-OUTPUT
-C POSTROUTING -j NETLOOM-POSTROUTING
-A NETLOOM-ANY-tcp-8064-8127 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.18.0.3:81
COMMIT
`,
  );
  t.deepEqual(more, []);
  await firewall.change([], [B.id]);
  const [removed] = taken();
  t.is(removed, added?.replace("-A NETLOOM-PUB", "-D NETLOOM-PUB").replace("-A NETLOOM-ANY", "-D NETLOOM-ANY"));
});

test("many ports that go are not taken out one by one", async (t) => {
  const { firewall, taken } = recordedIptables();
  const ports = Array.from({ length: 100 }, (_, i) => port("0.0.0.0", 9000 + i, i + 1));
  await firewall.set([network(), A, endpoint("many", ports)]);
  taken();
  await firewall.change([], ["endpoint-many"]);
  const [script = ""] = taken();
  t.notRegex(script, /^-D NETLOOM-PUB/m);
  t.regex(script, /^:NETLOOM-PUB-br-web - \[0:0\]\n(.*\n)*-A NETLOOM-PUB-br-web -d 172.18.0.2\/32 -p tcp -m tcp --dport 80 -j ACCEPT$/m);
});

test("doing it twice is doing it once", async (t) => {
  const { firewall, taken, fakes } = recordedIptables();
  await firewall.set([network(), A]);
  taken();
  const before = fakes.iptables.save();
  await firewall.change([network(), A], ["endpoint-gone"]);
  t.deepEqual(taken(), []);
  await firewall.set([network(), A]);
  t.is(fakes.iptables.save(), before);
});

test("what is changed before it was ever set is set", async (t) => {
  const one = recordedIptables();
  await one.firewall.change([network()], []);
  await one.firewall.change([A], []);
  const other = recordedIptables();
  await other.firewall.set([network()]);
  await other.firewall.change([A], []);
  t.is(one.fakes.iptables.save(), other.fakes.iptables.save());
});

test("a host port that leads to one container cannot lead to another, and changes hands in one program", async (t) => {
  const { firewall, taken } = recordedIptables();
  await firewall.set([network(), A]);
  taken();
  const thief = endpoint("b", [port("0.0.0.0", 8080, 81)]);
  await t.throwsAsync(firewall.change([thief], []), {
    code: "conflict",
    message: "tcp 8080 cannot lead to 172.18.0.2:81 for endpoint-b: it leads to 172.18.0.2:80 for endpoint-a",
  });
  t.deepEqual(taken(), []);
  await firewall.change([thief], [A.id]);
  t.is(taken().length, 1);
});

for (const table of ["filter", "nat"]) {
  test(`a change after iptables -t ${table} -F makes all of the rules again, of both families, and tells it`, async (t) => {
    const { firewall, fakes, logged } = recordedIptables();
    await firewall.set([network(), A, B]);
    const made = [fakes.iptables.save(), fakes.ip6tables.save()];
    await firewall.change([], [B.id]);
    fakes.iptables.flush(table);
    fakes.ip6tables.flush(table);
    await firewall.change([B], []);
    t.deepEqual([fakes.iptables.save(), fakes.ip6tables.save()], made);
    t.deepEqual(logged, ["the firewall rules are not as they were made: all of them are made again"]);
  });
}

test("a change that one family refuses has not happened, and the next one makes sure of both", async (t) => {
  const { firewall, fakes, refusals } = recordedIptables();
  const v6 = { ipv6: parseIp("fd00:18::2") };
  const dual = network("web", { subnets: [parseCidr("172.18.0.0/16"), parseCidr("fd00:18::/64")] });
  const both = endpoint("a", [port("0.0.0.0", 8080, 80), port("::", 8080, 80)], v6);
  await firewall.set([dual]);
  const before = [fakes.iptables.save(), fakes.ip6tables.save()];
  const stderr = "Another app is currently holding the xtables lock; still 9s 0us time ahead to have a chance to grab the lock...";
  refusals.push({ program: "ip6tables-restore", answer: { status: 4, stderr } });
  await t.throwsAsync(firewall.change([both], []), { code: "unavailable", message: /^ip6tables-restore .*: Another app/ });
  t.not(fakes.iptables.save(), before[0], "IPv4 took it");
  await firewall.change([], [both.id]);
  t.deepEqual([fakes.iptables.save(), fakes.ip6tables.save()], before);
});

test("without ip6tables there are rules for IPv4, and one line about it", async (t) => {
  const { firewall, taken, refusals, logged, fakes } = recordedIptables();
  for (let i = 0; i < 3; i++) refusals.push({ program: "ip6tables", answer: NO_PROGRAM });
  await firewall.set([network()]);
  await firewall.change([A], []);
  await firewall.set([network(), A]);
  await firewall.clear();
  t.false(taken().some((script) => script.startsWith("# ip6")));
  t.deepEqual(logged, ["no firewall rules for IPv6: this host has no ip6tables"]);
  t.notRegex(fakes.iptables.save(), /NETLOOM/);
});

test("a kernel without IPv6 tables is a host without ip6tables; one that gets them gets the rules", async (t) => {
  const { firewall, refusals, logged, fakes } = recordedIptables();
  const stderr = "ip6tables-restore v1.8.9 (legacy): ip6tables-restore: unable to initialize table 'filter'\n";
  refusals.push({ program: "ip6tables-restore", answer: { status: 2, stderr } });
  await firewall.set([network()]);
  t.is(logged.length, 1);
  await firewall.set([network()]);
  t.regex(fakes.ip6tables.save(), /NETLOOM-TO-br-web/);
});

test("without iptables there is no backend, and nothing to clear", async (t) => {
  const { firewall, refusals } = recordedIptables();
  refusals.push({ program: "iptables", answer: NO_PROGRAM });
  await t.throwsAsync(firewall.set([network()]), { code: "unsupported", message: "iptables-save is not installed" });
  refusals.push({ program: "iptables", answer: NO_PROGRAM }, { program: "ip6tables", answer: NO_PROGRAM });
  await t.notThrowsAsync(firewall.clear());
});

test("an error names the line", async (t) => {
  const { firewall, refusals } = recordedIptables();
  for (let i = 0; i < 3; i++) {
    refusals.push({
      program: "iptables-restore",
      answer: { stderr: "iptables-restore v1.8.9 (nf_tables): \nline 3: CHAIN_ADD failed (File exists)" },
    });
  }
  await t.throwsAsync(firewall.set([]), {
    code: "conflict",
    message:
      "iptables-restore --noflush --wait 10: iptables-restore v1.8.9 (nf_tables):; line 3: CHAIN_ADD failed (File exists) (:NETLOOM-LOOPBACK - [0:0])",
  });
});

test("set reads again when somebody changes the rules meanwhile", async (t) => {
  const { firewall, refusals, fakes } = recordedIptables();
  refusals.push({ program: "iptables-restore", answer: { stderr: "iptables-restore: line 4 failed" } });
  await firewall.set([network()]);
  t.regex(fakes.iptables.save(), /NETLOOM-TO-br-web/);
});

test("a bridge that iptables has no words for is refused", async (t) => {
  const { firewall, taken } = recordedIptables();
  await firewall.set([]);
  taken();
  for (const bridge of ["br+", 'a"b', "-j", "!x"].filter((name) => name !== "-j")) {
    await t.throwsAsync(firewall.change([network("web", { bridge })], []), {
      code: "unsupported",
      message: new RegExp(`the bridge ${bridge[0]}`),
    });
  }
  t.deepEqual(taken(), []);
});

test("calls that come together are done one after the other", async (t) => {
  const { firewall, fakes } = recordedIptables();
  const empty = recordedIptables();
  await empty.firewall.set([]);
  await Promise.all([firewall.set([network()]), firewall.change([A], []), firewall.change([], [A.id]), firewall.set([])]);
  t.is(fakes.iptables.save(), empty.fakes.iptables.save());
});

const mode = fc.constantFrom<GatewayMode>("nat", "nat-unprotected", "routed", "isolated");
const networkPolicy: fc.Arbitrary<NetworkPolicy> = fc
  .record({
    number: fc.integer({ min: 0, max: 3 }),
    dual: fc.boolean(),
    icc: fc.boolean(),
    internal: fc.boolean(),
    masquerade4: fc.boolean(),
    masquerade6: fc.boolean(),
    mode4: mode,
    mode6: mode,
  })
  .map(({ number, dual, ...options }) =>
    network(`${number}`, {
      ...options,
      bridge: number === 0 ? "br" : `br-${number}234567890ab`,
      subnets: [parseCidr(`172.${20 + number}.0.0/16`), ...(dual ? [parseCidr(`fd00:${number}::/64`)] : [])],
    }),
  );
const binding: fc.Arbitrary<Omit<PortBinding, "hostPort">> = fc.record({
  protocol: fc.constantFrom<Protocol>("tcp", "udp", "sctp"),
  port: fc.integer({ min: 1, max: 3 }),
  hostIp: fc.constantFrom("0.0.0.0", "127.0.0.1", "192.0.2.1", "::", "::1", "2001:db8::1").map(parseIp),
});
/** Host ports of an endpoint are its own, since two endpoints cannot have the same. */
const endpointPolicy: fc.Arbitrary<EndpointPolicy> = fc
  .record({
    number: fc.integer({ min: 0, max: 3 }),
    on: fc.integer({ min: 0, max: 3 }),
    ports: fc.array(binding, { maxLength: 6 }),
    mode4: mode,
    mode6: mode,
  })
  .map(({ number, on, ports, ...modes }) =>
    endpoint(
      `${number}`,
      ports.map((one, i) => ({ ...one, hostPort: 60 + 2100 * i + number })),
      { ...modes, bridge: on === 0 ? "br" : `br-${on}234567890ab`, ipv4: parseIp(`172.${20 + on}.0.2`), ipv6: parseIp(`fd00:${on}::2`) },
    ),
  );
const change = fc.record({
  put: fc.uniqueArray(fc.oneof<fc.Arbitrary<Policy>[]>(networkPolicy, endpointPolicy), { maxLength: 4, selector: ({ id }) => id }),
  drop: fc.array(fc.constantFrom("network-0", "network-1", "endpoint-0", "endpoint-1", "endpoint-2"), { maxLength: 3 }),
});

/** Chain -> its rules; in their order where that matters: in the chains that are always there, and in those of a network. */
function meaning(saved: string): Record<string, string[]> {
  const chains: Record<string, string[]> = {};
  for (const [, table = "", lines = ""] of saved.matchAll(/^\*(\w+)\n((?:[:-].*\n)*)/gm)) {
    for (const [, chain = ""] of lines.matchAll(/^:(\S+)/gm)) chains[`${table} ${chain}`] = [];
    for (const [, chain = "", rule = ""] of lines.matchAll(/^-A (\S+) (.*)$/gm)) chains[`${table} ${chain}`]?.push(rule);
  }
  const isOrdered = (name: string) => /^\w+ (NETLOOM-(TO-|FORWARD|DNAT|PREROUTING|OUTPUT|POSTROUTING)|[A-Z]+$)/.test(name);
  return Object.fromEntries(Object.entries(chains).map(([name, rules]) => [name, isOrdered(name) ? rules : rules.toSorted()]));
}

test("any changes make what set makes of their outcome", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
      const { firewall, fakes, logged } = recordedIptables();
      const outcome = new Map<string, Policy>();
      await firewall.set([]);
      for (const { put, drop } of changes) {
        await firewall.change(put, drop);
        for (const id of drop) outcome.delete(id);
        for (const policy of put) outcome.set(policy.id, policy);
      }
      const whole = recordedIptables();
      await whole.firewall.set([...outcome.values()]);
      t.deepEqual(logged, [], "no change failed");
      for (const family of ["iptables", "ip6tables"] as const)
        t.deepEqual(meaning(fakes[family].save()), meaning(whole.fakes[family].save()));
      await firewall.clear();
      t.notRegex(fakes.iptables.save() + fakes.ip6tables.save(), /NETLOOM/);
    }),
    { numRuns: 200 },
  );
});
