import test from "ava";
import { nftablesFirewall } from "../../src/firewall/nftables.ts";
import { printBatch } from "../../src/kernel/netfilter/print.ts";
import { parseIp } from "../../src/model/address.ts";
import type { NftBatch, NftChain, NftSet } from "../../src/model/nft.ts";
import { endpoint, network } from "../support/firewall-world.ts";
import { type Netns, netns } from "../support/netns.ts";
import { nftKernel } from "../support/nft-kernel.ts";

/** One of every command, type, field and statement. */
function everything(): NftBatch {
  const table = { family: "inet", name: "everything" } as const;
  const set = (name: string, rest: Omit<NftSet, "table" | "name">): NftSet => ({ table, name, ...rest });
  const chain = (name: string, base?: NonNullable<NftChain["base"]>): NftChain => ({ table, name, ...(base && { base }) });
  const marks = set("marks", { key: ["mark"] });
  const macs = set("macs", { key: ["ether_addr", "ipv4_addr"] });
  const families = set("families", { key: ["nf_proto"], flags: ["constant"] });
  const blocks = set("blocks", { key: ["ipv6_addr", "inet_service"], flags: ["interval"] });
  const verdicts = set("verdicts", { key: ["ifname", "inet_proto"], data: "verdict" });
  const to4 = set("to4", { key: ["ipv4_addr", "inet_proto", "inet_service"], data: ["ipv4_addr", "inet_service"] });
  const to6 = set("to6", { key: ["inet_service"], data: ["ipv6_addr", "inet_service"] });
  const toMark = set("to_mark", { key: ["ifname"], data: ["mark"] });
  const sets = [marks, macs, families, blocks, verdicts, to4, to6, toMark];
  const other = chain("other");
  const input = chain("input", { type: "filter", hook: "input", priority: -10, policy: "drop" });
  const pre = chain("pre", { type: "nat", hook: "prerouting", priority: -100, policy: "accept" });
  const post = chain("post", { type: "nat", hook: "postrouting", priority: 100, policy: "accept" });
  return [
    { verb: "table add", table },
    ...[other, input, pre, post].map((each) => ({ verb: "chain add", chain: each }) as const),
    ...sets.map((each) => ({ verb: "set add", set: each }) as const),
    { verb: "element add", set: marks, elements: [{ key: [1] }, { key: [0x80000001] }] },
    { verb: "element add", set: macs, elements: [{ key: ["02:42:ac:11:00:02", "172.17.0.2"] }] },
    { verb: "element add", set: families, elements: [{ key: ["ipv4"] }, { key: ["ipv6"] }] },
    { verb: "element add", set: blocks, elements: [{ key: ["fd00::/8", 80] }, { key: ["2001:db8::1", 443] }] },
    { verb: "element add", set: to4, elements: [{ key: ["192.0.2.1", "sctp", 1], data: ["172.17.0.2", 65535] }] },
    { verb: "element add", set: to6, elements: [{ key: [53], data: ["fd00::2", 5353] }] },
    { verb: "element add", set: toMark, elements: [{ key: ["eth0"], data: [7] }] },
    {
      verb: "element add",
      set: verdicts,
      elements: [
        { key: ["eth0", "tcp"], data: { jump: "other" } },
        { key: ["eth0", "udp"], data: "drop" },
      ],
    },
    {
      verb: "rule add",
      chain: input,
      rule: [{ match: "meta nfproto", is: "ipv6" }, { counter: true }],
      comment: "a person's words: \"".slice(0, -1),
    },
    { verb: "rule add", chain: input, rule: [{ match: "iifname", is: "lo" }, { verdict: "accept" }] },
    { verb: "rule add", chain: input, rule: [{ match: "oifname", is: "eth0", not: true }, { verdict: "return" }] },
    { verb: "rule add", chain: input, rule: [{ match: "meta l4proto", is: "icmp" }, { verdict: { goto: "other" } }] },
    { verb: "rule add", chain: input, rule: [{ match: "meta mark", is: 5 }, { verdict: "drop" }] },
    {
      verb: "rule add",
      chain: input,
      rule: [{ match: "ip saddr", is: "10.1.2.0/23" }, { match: "th sport", is: 53 }, { verdict: "drop" }],
    },
    { verb: "rule add", chain: input, rule: [{ match: "ip6 daddr", is: "fe80::/10", not: true }, { verdict: "drop" }] },
    {
      verb: "rule add",
      chain: input,
      rule: [{ match: "ct state", any: ["invalid", "new"] }, { match: "fib daddr type", is: "local" }, { verdict: "drop" }],
    },
    { verb: "rule add", chain: input, rule: [{ match: "ct status", any: ["snat", "assured"] }, { verdict: { jump: "other" } }] },
    { verb: "rule add", chain: input, rule: [{ lookup: ["meta mark"], set: marks, not: true }, { verdict: "drop" }] },
    { verb: "rule add", chain: input, rule: [{ lookup: ["ip6 saddr", "th dport"], set: blocks }, { verdict: "drop" }] },
    { verb: "rule add", chain: input, rule: [{ vmap: ["iifname", "meta l4proto"], map: verdicts }] },
    { verb: "rule add", chain: pre, rule: [{ dnat: ["ip daddr", "meta l4proto", "th dport"], family: "ip", map: to4 }] },
    { verb: "rule add", chain: pre, rule: [{ match: "meta l4proto", is: "tcp" }, { redirect: { port: 8080 } }] },
    {
      verb: "rule add",
      chain: pre,
      rule: [
        { match: "ip daddr", is: "127.0.0.11" },
        { match: "meta l4proto", is: "udp" },
        { nat: "dnat", family: "ip", address: parseIp("127.0.0.11"), port: 33333 },
      ],
    },
    {
      verb: "rule add",
      chain: pre,
      rule: [
        { match: "iifname", is: "eth0" },
        { nat: "dnat", family: "ip6", address: parseIp("fd00::2") },
      ],
    },
    {
      verb: "rule add",
      chain: post,
      rule: [
        { match: "meta l4proto", is: "udp" },
        { nat: "snat", family: "ip", address: parseIp("127.0.0.11"), port: 53 },
      ],
    },
    { verb: "rule add", chain: post, rule: [{ masquerade: true }] },
    { verb: "rule add", chain: other, rule: [{ verdict: "accept" }] },
    { verb: "chain flush", chain: other },
    { verb: "set add", set: set("gone", { key: ["mark"] }) },
    { verb: "set flush", set: marks },
    { verb: "set delete", set: set("gone", { key: ["mark"] }) },
    { verb: "element delete", set: families, elements: [{ key: ["ipv6"] }] },
    { verb: "chain add", chain: chain("gone") },
    { verb: "chain delete", chain: chain("gone") },
    { verb: "table add", table: { family: "ip", name: "gone" } },
    { verb: "table delete", table: { family: "ip", name: "gone" } },
  ];
}

/** The same batch through our codec and, printed, through nft(8): what nft lists afterwards must be the same. */
async function throughBoth(batch: NftBatch): Promise<[ours: string, theirs: string]> {
  await using ours = await netns();
  await using theirs = await netns();
  using kernel = nftKernel(ours.path);
  await kernel.nft(kernel.host, batch);
  await theirs.must(["nft", "-f", "-"], { input: printBatch(batch) });
  return [await listed(ours), await listed(theirs)];
}

function listed(at: Netns): Promise<string> {
  return at.must(["nft", "list", "ruleset"]);
}

test("every command means to the kernel what its words mean to nft", async (t) => {
  const [ours, theirs] = await throughBoth(everything());
  t.is(ours, theirs);
  t.regex(ours, /redirect to :8080/);
});

test("the firewall's table is what its words say, and nft prints its elements", async (t) => {
  const batches: NftBatch[] = [];
  const firewall = nftablesFirewall({ host: { path: "" }, nft: async (_, batch) => void batches.push(batch) });
  await firewall.set([
    network("a"),
    network("b", { mode4: "routed" }),
    endpoint("a1", ["0.0.0.0:8080:80", "127.0.0.1:8081:80", "[::]:53:53/udp"]),
  ]);
  const [ours, theirs] = await throughBoth(batches.flat());
  t.is(ours, theirs);
  t.regex(ours, /elements = \{ tcp \. 8080 : 172\.30\.1\.2 \. 80 \}/);
});

test("a batch with one bad command does nothing, and the command is named", async (t) => {
  await using at = await netns();
  using kernel = nftKernel(at.path);
  const table = { family: "inet", name: "t" } as const;
  const missing: NftSet = { table, name: "missing", key: ["mark"] };
  await t.throwsAsync(
    kernel.nft(kernel.host, [
      { verb: "table add", table },
      { verb: "element add", set: missing, elements: [{ key: [1] }] },
    ]),
    { code: "notFound", message: /^nft add element inet t missing \{ 1 \}: no such file or directory \(ENOENT\)/ },
  );
  t.is(await listed(at), "");
});
