import { type Cidr, familyOf, type Ip } from "../../model/address.ts";
import type { Protocol } from "../../model/endpoint.ts";

export type Table = "raw" | "filter" | "nat";

/** What a packet must be; nothing said is any. */
export interface Match {
  source?: Ip | Cidr;
  destination?: Ip | Cidr;
  /** An interface, or with a `+` at the end all whose names begin so. */
  in?: string;
  out?: string;
  notOut?: string;
  protocol?: Protocol | "icmp" | "ipv6-icmp";
  /** One port, or the first and the last of several; needs a protocol that has ports. */
  port?: number | readonly [first: number, last: number];
  state?: readonly State[];
  notState?: readonly State[];
  /** To an address of this host. */
  toLocal?: true;
  /** From an address that is not this host's. */
  notFromLocal?: true;
}

/** `DNAT`: its destination was translated. */
type State = "RELATED" | "ESTABLISHED" | "DNAT";

export type Target = "ACCEPT" | "DROP" | "RETURN" | "MASQUERADE" | { jump: string } | { dnat: Ip; port: number };

/** `iptables -A CHAIN <this>`. */
export interface Rule extends Match {
  target: Target;
}

/** The rule without its chain, word for word as iptables-save(8) prints it. */
export function printRule(rule: Rule): string {
  return [...matchWords(rule), ...targetWords(rule.target)].join(" ");
}

function matchWords(match: Match): string[] {
  const { source, destination, in: iif, out, notOut, protocol, port, state, notState, toLocal, notFromLocal } = match;
  return [
    ...(source === undefined ? [] : ["-s", block(source)]),
    ...(destination === undefined ? [] : ["-d", block(destination)]),
    ...(iif === undefined ? [] : ["-i", iif]),
    ...(out === undefined ? [] : ["-o", out]),
    ...(notOut === undefined ? [] : ["!", "-o", notOut]),
    ...(protocol === undefined ? [] : ["-p", protocol]),
    ...(port === undefined || protocol === undefined ? [] : ["-m", protocol, "--dport", typeof port === "number" ? port : port.join(":")]),
    ...(state === undefined ? [] : ["-m", "conntrack", "--ctstate", state.join(",")]),
    ...(notState === undefined ? [] : ["-m", "conntrack", "!", "--ctstate", notState.join(",")]),
    ...(toLocal === undefined ? [] : ["-m", "addrtype", "--dst-type", "LOCAL"]),
    ...(notFromLocal === undefined ? [] : ["-m", "addrtype", "!", "--src-type", "LOCAL"]),
  ].map(String);
}

function targetWords(target: Target): string[] {
  if (typeof target === "string") return ["-j", target];
  if ("jump" in target) return ["-j", target.jump];
  const { dnat, port } = target;
  return ["-j", "DNAT", "--to-destination", `${familyOf(dnat) === 6 ? `[${dnat}]` : dnat}:${port}`];
}

function block(address: Ip | Cidr): string {
  return address.includes("/") ? address : `${address}/${familyOf(address) === 4 ? 32 : 128}`;
}
