import type { NftBatch, NftChain, NftCommand, NftField, NftRule, NftSet, NftType } from "../../model/nft.ts";

/**
 * The table `inet netloom`, which never changes: what does change are the elements of its sets and maps (elements.ts), so a packet passes
 * the same few rules whether there is one network or a thousand. The kernel takes a set that is there for the same set only when its type
 * is the same: a set whose type changes needs a new name.
 */
const TABLE = { family: "inet", name: "netloom" } as const;

const set = (name: string, key: NftType[], flags?: NftSet["flags"]): NftSet => ({ table: TABLE, name, key, ...(flags && { flags }) });
const map = (name: string, key: NftType[], data: NftType[]): NftSet => ({ table: TABLE, name, key, data });
const chain = (name: string, base?: Omit<NonNullable<NftChain["base"]>, "policy">): NftChain => ({
  table: TABLE,
  name,
  ...(base && { base: { ...base, policy: "accept" } }),
});

/** Elements of bridges, of families of a bridge, and of ports. */
export const SETS = {
  /** The interfaces of our networks. */
  bridges: set("bridges", ["ifname"]),
  /** Each of them twice, since a rule cannot compare two fields of a packet: a lookup of in . out does. */
  sameBridge: set("same_bridge", ["ifname", "ifname"]),
  /** Those whose containers may talk to each other, twice as well. */
  icc: set("icc", ["ifname", "ifname"]),
  internal: set("internal", ["ifname"]),
  routed: set("routed", ["nf_proto", "ifname"]),
  unprotected: set("unprotected", ["nf_proto", "ifname"]),
  masqueraded: set("masqueraded", ["nf_proto", "ifname"]),
  /** The only ones with intervals, which cost time at every change; they change with networks, never with endpoints. */
  subnets4: set("subnets4", ["ifname", "ipv4_addr"], ["interval"]),
  subnets6: set("subnets6", ["ifname", "ipv6_addr"], ["interval"]),
  /** Ports of containers that the outside may reach. */
  published4: set("published4", ["ifname", "ipv4_addr", "inet_proto", "inet_service"]),
  published6: set("published6", ["ifname", "ipv6_addr", "inet_proto", "inet_service"]),
  /** Ports of one address of the host, and ports of all of them. */
  dnat4: map("dnat4", ["ipv4_addr", "inet_proto", "inet_service"], ["ipv4_addr", "inet_service"]),
  dnat4Any: map("dnat4_any", ["inet_proto", "inet_service"], ["ipv4_addr", "inet_service"]),
  dnat6: map("dnat6", ["ipv6_addr", "inet_proto", "inet_service"], ["ipv6_addr", "inet_service"]),
  dnat6Any: map("dnat6_any", ["inet_proto", "inet_service"], ["ipv6_addr", "inet_service"]),
} as const;

/** A person's own rules: the first that forwarded packets meet. We make it and jump to it, and leave what is in it alone. */
const USER = chain("user");

const EARLY = chain("early", { type: "filter", hook: "prerouting", priority: -300 });
const FORWARD = chain("forward", { type: "filter", hook: "forward", priority: 0 });
const TO_BRIDGE = chain("to_bridge");
const INSIDE = chain("inside");
const PUBLISHED = chain("published");
const ROUTED = chain("to_routed");
const PREROUTING = chain("prerouting", { type: "nat", hook: "prerouting", priority: -100 });
const OUTPUT = chain("output", { type: "nat", hook: "output", priority: -100 });
const TRANSLATE = chain("translate");
const POSTROUTING = chain("postrouting", { type: "nat", hook: "postrouting", priority: 100 });

const ACCEPT = { verdict: "accept" } as const;
const DROP = [{ counter: true }, { verdict: "drop" }] as const;
const RETURN = { verdict: "return" } as const;
const MASQUERADE = { masquerade: true } as const;
const IN_OUT: NftField[] = ["iifname", "oifname"];
const PORT: NftField[] = ["meta l4proto", "th dport"];

type Rules = readonly (readonly [comment: string, ...rule: NftRule])[];

const RULES: readonly (readonly [NftChain, Rules])[] = [
  [
    EARLY,
    [
      // Bridges have route_localnet, so that 127.0.0.1:port of the host leads into them; this keeps their containers out of the host's loopback.
      [
        "loopback is not reached from a bridge",
        { match: "ip daddr", is: "127.0.0.0/8" },
        { lookup: ["iifname"], set: SETS.bridges },
        ...DROP,
      ],
      ["nor spoken for", { match: "ip saddr", is: "127.0.0.0/8" }, { lookup: ["iifname"], set: SETS.bridges }, ...DROP],
    ],
  ],
  [
    FORWARD,
    [
      ["your own rules come first", { verdict: { jump: USER.name } }],
      ["", { match: "ct state", any: ["established", "related"] }, ACCEPT],
      ["", { lookup: ["oifname"], set: SETS.bridges }, { verdict: { goto: TO_BRIDGE.name } }],
      ["internal networks do not go out", { lookup: ["iifname"], set: SETS.internal }, ...DROP],
    ],
  ],
  [
    TO_BRIDGE,
    [
      ["", { lookup: ["iifname"], set: SETS.internal }, { verdict: { goto: INSIDE.name } }],
      ["", { lookup: ["oifname"], set: SETS.internal }, { verdict: { goto: INSIDE.name } }],
      ["", { match: "ct status", any: ["dnat"] }, { verdict: { jump: PUBLISHED.name } }],
      ["", { lookup: IN_OUT, set: SETS.sameBridge }, { verdict: { goto: INSIDE.name } }],
      ["", { lookup: ["meta nfproto", "oifname"], set: SETS.unprotected }, ACCEPT],
      ["", { lookup: ["meta nfproto", "oifname"], set: SETS.routed }, { verdict: { jump: ROUTED.name } }],
      ["not published", ...DROP],
    ],
  ],
  [
    INSIDE,
    [
      ["", { lookup: IN_OUT, set: SETS.icc }, ACCEPT],
      ["no way into or out of an internal network, nor between containers without icc", ...DROP],
    ],
  ],
  [
    PUBLISHED,
    [
      ["", { lookup: ["oifname", "ip daddr", ...PORT], set: SETS.published4 }, ACCEPT],
      ["", { lookup: ["oifname", "ip6 daddr", ...PORT], set: SETS.published6 }, ACCEPT],
    ],
  ],
  [
    ROUTED,
    [
      ["", { match: "meta l4proto", is: "icmp" }, ACCEPT],
      ["", { match: "meta l4proto", is: "ipv6-icmp" }, ACCEPT],
      ["", { verdict: { jump: PUBLISHED.name } }],
    ],
  ],
  [
    PREROUTING,
    [
      ["ports on loopback are this host's alone", { match: "ip daddr", is: "127.0.0.0/8" }, RETURN],
      ["", { match: "fib daddr type", is: "local" }, { verdict: { jump: TRANSLATE.name } }],
    ],
  ],
  [OUTPUT, [["", { match: "fib daddr type", is: "local" }, { verdict: { jump: TRANSLATE.name } }]]],
  [
    TRANSLATE,
    [
      ["", { dnat: ["ip daddr", ...PORT], family: "ip", map: SETS.dnat4 }],
      ["", { dnat: PORT, family: "ip", map: SETS.dnat4Any }],
      ["no answer reaches a link-local address from beyond its link", { match: "ip6 saddr", is: "fe80::/10" }, RETURN],
      ["", { dnat: ["ip6 daddr", ...PORT], family: "ip6", map: SETS.dnat6 }],
      ["", { dnat: PORT, family: "ip6", map: SETS.dnat6Any }],
    ],
  ],
  [
    POSTROUTING,
    [
      // By its source and not by iifname, which is empty here when br_netfilter translates inside the bridge [br_netfilter_hooks.c].
      [
        "back into the network that it came from",
        { match: "ct status", any: ["dnat"] },
        { lookup: ["oifname", "ip saddr"], set: SETS.subnets4 },
        MASQUERADE,
      ],
      ["", { match: "ct status", any: ["dnat"] }, { lookup: ["oifname", "ip6 saddr"], set: SETS.subnets6 }, MASQUERADE],
      ["", { lookup: IN_OUT, set: SETS.sameBridge }, RETURN],
      ["from this host's loopback", { match: "ip saddr", is: "127.0.0.0/8" }, { lookup: ["oifname"], set: SETS.bridges }, MASQUERADE],
      ["", { match: "ip6 saddr", is: "::1" }, { lookup: ["oifname"], set: SETS.bridges }, MASQUERADE],
      [
        "",
        { lookup: ["meta nfproto", "iifname"], set: SETS.masqueraded },
        { lookup: ["iifname", "ip saddr"], set: SETS.subnets4 },
        MASQUERADE,
      ],
      [
        "",
        { lookup: ["meta nfproto", "iifname"], set: SETS.masqueraded },
        { lookup: ["iifname", "ip6 saddr"], set: SETS.subnets6 },
        MASQUERADE,
      ],
    ],
  ],
];

const OWN_SETS = Object.values(SETS);
const OWN_CHAINS = RULES.map(([own]) => own);

/** The table with its rules and without elements, whatever was there; the chain `user` keeps what it has. */
export function resetTable(): NftBatch {
  return [...emptied(), ...RULES.flatMap(([own, rules]) => rules.map((rule) => addRule(own, rule)))];
}

/** Everything of ours but the chain `user` and its table. */
export function dropRules(): NftBatch {
  return [
    ...emptied(),
    ...OWN_CHAINS.map((own): NftCommand => ({ verb: "chain delete", chain: own })),
    ...OWN_SETS.map((own): NftCommand => ({ verb: "set delete", set: own })),
  ];
}

/** The rest. A conflict when a person has put something in there. */
export function dropTable(): NftBatch {
  return [
    { verb: "chain delete", chain: USER, onlyEmpty: true },
    { verb: "table delete", table: TABLE, onlyEmpty: true },
  ];
}

/** Adding first makes flushing safe when the table, or a part of it, is gone. */
function emptied(): NftCommand[] {
  return [
    { verb: "table add", table: TABLE },
    ...[USER, ...OWN_CHAINS].map((own): NftCommand => ({ verb: "chain add", chain: own })),
    ...OWN_SETS.map((own): NftCommand => ({ verb: "set add", set: own })),
    ...OWN_CHAINS.map((own): NftCommand => ({ verb: "chain flush", chain: own })),
    ...OWN_SETS.map((own): NftCommand => ({ verb: "set flush", set: own })),
  ];
}

function addRule(own: NftChain, [comment, ...rule]: Rules[number]): NftCommand {
  return { verb: "rule add", chain: own, rule, ...(comment !== "" && { comment }) };
}
