import type { Cidr, Family, Ip } from "../../model/address.ts";
import type { Placed } from "./chains.ts";
import type { Rule, Table } from "./rule.ts";

/** Every chain of ours is called so, and nobody else's. */
export const PREFIX = "NETLOOM-";

/** A person's own rules: the first that forwarded packets meet. We make it and jump to it, and leave what is in it alone. */
export const USER = "NETLOOM-USER";

/** How packets come to our chains. */
export interface Hook {
  table: Table;
  chain: "PREROUTING" | "FORWARD" | "OUTPUT" | "POSTROUTING";
  /** Its place in there, from 1; without one it is the last: where addresses are translated, a person's own rules come first. */
  place?: number;
  to: string;
}

export const HOOKS: Readonly<Record<Family, readonly Hook[]>> = { 4: hooks(4), 6: hooks(6) };

/** Chains that are the same on every host. The other chains hang below them (place.ts): they are filled with what the facts say. */
export const BASE: Readonly<Record<Family, readonly Placed[]>> = { 4: base(4), 6: base(6) };

/** In the order in which they are sent: closed before open, and open before anything leads there. */
export const TABLES: Readonly<Record<Family, readonly Table[]>> = { 4: ["raw", "filter", "nat"], 6: ["filter", "nat"] };

function hooks(family: Family): Hook[] {
  return [
    ...(family === 4 ? [{ table: "raw", chain: "PREROUTING", to: "NETLOOM-PREROUTING" } as const] : []),
    { table: "filter", chain: "FORWARD", place: 1, to: USER },
    { table: "filter", chain: "FORWARD", place: 2, to: "NETLOOM-FORWARD" },
    { table: "nat", chain: "PREROUTING", to: "NETLOOM-PREROUTING" },
    { table: "nat", chain: "OUTPUT", to: "NETLOOM-OUTPUT" },
    { table: "nat", chain: "POSTROUTING", to: "NETLOOM-POSTROUTING" },
  ];
}

function base(family: Family): Placed[] {
  const loopback = (family === 4 ? "127.0.0.0/8" : "::1") as Cidr | Ip;
  const chain = (table: Table, name: string, ...rules: Rule[]): Placed[] => [
    { table, chain: name },
    ...rules.map((rule, rank) => ({ table, chain: name, rank, rule })),
  ];
  return [
    // Bridges have route_localnet, so that 127.0.0.1:port of the host leads into them; this keeps their containers out of the host's loopback,
    // and from speaking for it. In IPv6 the kernel does.
    ...(family === 6
      ? []
      : [
          ...chain(
            "raw",
            "NETLOOM-PREROUTING",
            { destination: loopback, target: { jump: "NETLOOM-LOOPBACK" } },
            { source: loopback, target: { jump: "NETLOOM-LOOPBACK" } },
          ),
          ...chain("raw", "NETLOOM-LOOPBACK"),
        ]),
    ...chain("filter", "NETLOOM-FORWARD", { target: { jump: "NETLOOM-OUT" } }, { target: { jump: "NETLOOM-IN" } }),
    ...chain("filter", "NETLOOM-OUT"),
    ...chain("filter", "NETLOOM-IN"),
    ...chain("filter", "NETLOOM-INTERNAL"),
    // Ports on loopback are this host's alone.
    ...chain("nat", "NETLOOM-PREROUTING", { destination: loopback, target: "RETURN" }, { toLocal: true, target: { jump: "NETLOOM-DNAT" } }),
    ...chain("nat", "NETLOOM-OUTPUT", { toLocal: true, target: { jump: "NETLOOM-DNAT" } }),
    ...chain(
      "nat",
      "NETLOOM-DNAT",
      // No answer reaches a link-local address from beyond its link.
      ...(family === 6 ? [{ source: "fe80::/10" as Cidr, target: "RETURN" } as const] : []),
      { target: { jump: "NETLOOM-ONE" } },
      { target: { jump: "NETLOOM-ANY" } },
    ),
    ...chain("nat", "NETLOOM-ONE"),
    ...chain("nat", "NETLOOM-ANY"),
    ...chain(
      "nat",
      "NETLOOM-POSTROUTING",
      { state: ["DNAT"], target: { jump: "NETLOOM-HAIRPIN" } },
      { source: loopback, target: { jump: "NETLOOM-LOOPBACK" } },
      // The host's addresses in its networks are its own, and not a container's.
      { notFromLocal: true, target: { jump: "NETLOOM-MASQUERADE" } },
    ),
    ...chain("nat", "NETLOOM-HAIRPIN"),
    ...chain("nat", "NETLOOM-LOOPBACK"),
    ...chain("nat", "NETLOOM-MASQUERADE"),
  ];
}
