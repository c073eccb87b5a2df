import { type Family, familyOf } from "../../model/address.ts";
import { NetError } from "../../model/errors.ts";
import type { Fact, NetworkFact, PublishedFact, TranslatedFact } from "../facts.ts";
import type { Placed } from "./chains.ts";
import type { Rule, Table, Target } from "./rule.ts";

/**
 * The rules that a fact is, in their chains; a pure function of the fact alone. A chain that has a rule for each network or port is a tree:
 * its rules lead to chains for a part of the names or ports, so that a packet, and a change, meet few of them.
 */
export function placesOf(fact: Fact, family: Family): Placed[] {
  switch (fact.fact) {
    case "network":
      return networkPlaces(fact, family);
    case "published":
      return familyOf(fact.ip) === family ? [publishedPlace(fact)] : [];
    case "translated":
      return fact.family === family ? translatedPlaces(fact) : [];
  }
}

const ANSWERS = ["RELATED", "ESTABLISHED"] as const;

function networkPlaces(network: NetworkFact, family: Family): Placed[] {
  const { bridge, internal } = network;
  const to = chainOf("NETLOOM-TO-", bridge);
  const inside = network.icc ? "ACCEPT" : "DROP";
  const outgoing: Rule = internal ? { in: bridge, notState: ANSWERS, target: "DROP" } : { in: bridge, target: "ACCEPT" };
  return [
    ...inOrder("filter", to, [
      { state: ANSWERS, target: "ACCEPT" },
      ...(internal ? [{ in: bridge, target: inside } as const] : incoming(network, family, inside)),
      { target: "DROP" },
    ]),
    { table: "filter", chain: publishedChain(bridge) },
    ...byInterface("NETLOOM-OUT", "out", bridge, { out: bridge, target: { jump: to } }),
    ...byInterface("NETLOOM-IN", "in", bridge, outgoing),
    ...(internal ? [{ table: "filter", chain: "NETLOOM-INTERNAL", rule: { in: bridge, target: "DROP" } } as const] : []),
    ...(family === 4 ? [{ table: "raw", chain: "NETLOOM-LOOPBACK", rule: { in: bridge, target: "DROP" } } as const] : []),
    ...translations(network, family),
  ];
}

/** What a packet to a bridge meets that is not internal. */
function incoming({ bridge, routed, unprotected }: NetworkFact, family: Family, inside: Target): Rule[] {
  const published = { jump: publishedChain(bridge) };
  return [
    { target: { jump: "NETLOOM-INTERNAL" } },
    { state: ["DNAT"], target: published },
    { in: bridge, target: inside },
    ...(unprotected.includes(family) ? [{ target: "ACCEPT" } as const] : []),
    ...(routed.includes(family)
      ? [{ protocol: family === 4 ? "icmp" : "ipv6-icmp", target: "ACCEPT" } as const, { target: published }]
      : []),
  ];
}

/** As whom its containers, and this host's loopback, are seen. */
function translations({ bridge, subnets, masqueraded }: NetworkFact, family: Family): Placed[] {
  const own = subnets.filter((subnet) => familyOf(subnet) === family);
  if (own.length === 0) return [];
  const places = (chain: string, rules: Rule[]) => rules.map((rule): Placed => ({ table: "nat", chain, rule }));
  return [
    // Back into the network that it came from.
    ...places(
      "NETLOOM-HAIRPIN",
      own.map((source) => ({ source, out: bridge, target: "MASQUERADE" })),
    ),
    ...places("NETLOOM-LOOPBACK", [{ out: bridge, target: "MASQUERADE" }]),
    // By the source and not by the interface that it came in by, which older kernels do not tell here.
    ...places(
      "NETLOOM-MASQUERADE",
      masqueraded.includes(family) ? own.map((source) => ({ source, notOut: bridge, target: "MASQUERADE" })) : [],
    ),
  ];
}

function publishedPlace({ bridge, ip, protocol, port }: PublishedFact): Placed {
  return { table: "filter", chain: publishedChain(bridge), rule: { destination: ip, protocol, port, target: "ACCEPT" } };
}

/** How many ports a chain is for, from the root down. */
const WIDTHS = [2048, 64];

/** Its chains are called by the ports that they are for: NETLOOM-ANY-tcp-8064-8127. */
function translatedPlaces({ hostIp, protocol, hostPort, ip, port }: TranslatedFact): Placed[] {
  const root = hostIp === undefined ? "NETLOOM-ANY" : "NETLOOM-ONE";
  const places: Placed[] = [];
  let chain = root;
  for (const width of WIDTHS) {
    const first = hostPort - (hostPort % width);
    const last = first + width - 1;
    const next = `${root}-${protocol}-${first}-${last}`;
    places.push({ table: "nat", chain, rule: { protocol, port: [first, last], target: { jump: next } } });
    chain = next;
  }
  const destination = hostIp === undefined ? {} : { destination: hostIp };
  return [...places, { table: "nat", chain, rule: { ...destination, protocol, port: hostPort, target: { dnat: ip, port } } }];
}

/** Names that begin alike share a chain: those of `br-<id>` are spread over sixteen. */
const SHARED_LENGTH = 4;

function byInterface(root: string, direction: "in" | "out", bridge: string, rule: Rule): Placed[] {
  const table = "filter";
  if (bridge.length <= SHARED_LENGTH) return [{ table, chain: root, rule }];
  const start = bridge.slice(0, SHARED_LENGTH);
  const chain = chainOf(`${root}-`, start);
  return [
    { table, chain: root, rule: { [direction]: `${start}+`, target: { jump: chain } } },
    { table, chain, rule },
  ];
}

function publishedChain(bridge: string): string {
  return chainOf("NETLOOM-PUB-", bridge);
}

/**
 * 28 characters are what a chain's name may have [x_tables.h XT_EXTENSION_MAXNAMELEN], so the prefix may have 13.
 * @throws unsupported for an interface that iptables cannot name: a `+` at its end stands for any more characters.
 */
function chainOf(prefix: string, bridge: string): string {
  if (/^[\w.-]+$/.test(bridge)) return `${prefix}${bridge}`;
  throw new NetError("unsupported", `iptables has no chain for the bridge ${bridge}`, {
    hint: "name it with letters, digits, dots, dashes and underscores, or use the nftables firewall backend",
  });
}

function inOrder(table: Table, chain: string, rules: readonly Rule[]): Placed[] {
  return rules.map((rule, rank) => ({ table, chain, rank, rule }));
}
