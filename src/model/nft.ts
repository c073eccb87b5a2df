import type { Cidr, Ip } from "./address.ts";

/**
 * What is said to nf_tables, as data: one object is one line of nft(8), and is named by its words. The codec (kernel/netfilter) turns a
 * batch into the kernel's registers and expressions, and adds what nft(8) adds: `ip daddr` in an inet table matches IPv4 packets only.
 */
export type NftBatch = readonly NftCommand[];

export type NftCommand =
  /** Adding what is there is success, as long as its definition is the same. */
  | { verb: "table add"; table: NftTable }
  | { verb: "chain add"; chain: NftChain }
  | { verb: "set add"; set: NftSet }
  | { verb: "rule add"; chain: NftChain; rule: NftRule; comment?: string }
  | { verb: "element add"; set: NftSet; elements: readonly NftElement[] }
  /** Takes all rules of a chain, all elements of a set. */
  | { verb: "chain flush"; chain: NftChain }
  | { verb: "set flush"; set: NftSet }
  /** Absence is an error (notFound): where it is not, add first, in the same batch. With `onlyEmpty` whatever is inside is an error (conflict). */
  | { verb: "table delete"; table: NftTable; onlyEmpty?: boolean }
  | { verb: "chain delete"; chain: NftChain; onlyEmpty?: boolean }
  | { verb: "set delete"; set: NftSet }
  | { verb: "element delete"; set: NftSet; elements: readonly NftElement[] };

export interface NftTable {
  family: "inet" | "ip" | "ip6";
  name: string;
}

export interface NftChain {
  table: NftTable;
  name: string;
  /** Absent: a regular chain, entered by jump or goto only. */
  base?: {
    type: "filter" | "nat" | "route";
    hook: "prerouting" | "input" | "forward" | "output" | "postrouting";
    /** Lower is earlier: raw -300, dstnat -100, filter 0, srcnat 100. */
    priority: number;
    policy: "accept" | "drop";
  };
}

/** The types of nft(8) that keys and data are made of. */
export type NftType = "nf_proto" | "ifname" | "ipv4_addr" | "ipv6_addr" | "ether_addr" | "inet_proto" | "inet_service" | "mark";

/** A set, or with `data` a map. Several types are a concatenation, `ifname . ipv4_addr`. */
export interface NftSet {
  table: NftTable;
  name: string;
  key: readonly NftType[];
  data?: readonly NftType[] | "verdict";
  /** interval: addresses in keys may be blocks; the key must be a concatenation. constant: nothing is added once a rule uses it. */
  flags?: readonly ("interval" | "constant")[];
}

/**
 * By type: `ipv4`/`ipv6` for nf_proto; an interface name; an address, or its block where the set has intervals; a MAC address;
 * a protocol's name or number; a port; a mark.
 */
export type NftValue = string | number;

export interface NftElement {
  key: readonly NftValue[];
  data?: readonly NftValue[] | NftVerdict;
}

/** What can be read of a packet. `th` is the transport header, whichever it is: match `meta l4proto` too. */
export type NftField =
  | "meta nfproto"
  | "meta l4proto"
  | "meta mark"
  | "iifname"
  | "oifname"
  | "ether saddr"
  | "ip saddr"
  | "ip daddr"
  | "ip6 saddr"
  | "ip6 daddr"
  | "th sport"
  | "th dport"
  | "ct state"
  | "ct status"
  | "fib daddr type";

/** Matches, left to right, then what is done; the first match that fails ends the rule. */
export type NftRule = readonly NftStatement[];

export type NftStatement = NftMatch | NftAction;

export type NftMatch =
  /** `ip protocol tcp`; a block matches the addresses in it. */
  | { match: Exclude<NftField, "ct state" | "ct status">; is: NftValue | Ip | Cidr; not?: boolean }
  /** Any of these bits: `ct state established,related`. */
  | { match: "ct state"; any: readonly ("invalid" | "established" | "related" | "new" | "untracked")[] }
  | { match: "ct status"; any: readonly ("snat" | "dnat" | "assured" | "confirmed")[] }
  /** `iifname . oifname @set` */
  | { lookup: readonly NftField[]; set: NftSet; not?: boolean };

export type NftAction =
  | { counter: true }
  | { verdict: NftVerdict }
  /** `iifname vmap @map`; a packet that is not in it goes on. */
  | { vmap: readonly NftField[]; map: NftSet }
  /** `dnat ip to 192.0.2.2:80`; without a port it stays as it is. */
  | { nat: "dnat" | "snat"; family: "ip" | "ip6"; address: Ip; port?: number }
  /** `dnat ip to meta l4proto . th dport map @map`, whose data is an address and a port; a packet that is not in it goes on. */
  | { dnat: readonly NftField[]; family: "ip" | "ip6"; map: NftSet }
  | { redirect: { port: number } }
  | { masquerade: true };

export type NftVerdict = "accept" | "drop" | "return" | { jump: string } | { goto: string };
