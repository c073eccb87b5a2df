import type { NftField, NftType } from "../../model/nft.ts";
import type { NetlinkWriter } from "../netlink/attribute.ts";
import { ct, fibDestinationType, meta, payload } from "./expression.ts";

/** A field of a packet: its type, how it gets into a register, and which packets have it at all. */
export interface Field {
  type: NftType | "ct_state" | "ct_status" | "fib_addrtype";
  load(w: NetlinkWriter, to: number): void;
  /** In an inet table the field means something for this family only. */
  family?: "ipv4" | "ipv6";
}

/** Keys are of enum nft_meta_keys and nft_ct_keys, offsets of the headers of [RFC 791] and [RFC 8200]. */
export const FIELDS: Record<NftField, Field> = {
  "meta nfproto": { type: "nf_proto", load: (w, to) => meta(w, 15, to) },
  "meta l4proto": { type: "inet_proto", load: (w, to) => meta(w, 16, to) },
  "meta mark": { type: "mark", load: (w, to) => meta(w, 3, to) },
  iifname: { type: "ifname", load: (w, to) => meta(w, 6, to) },
  oifname: { type: "ifname", load: (w, to) => meta(w, 7, to) },
  "ether saddr": { type: "ether_addr", load: (w, to) => payload(w, "link", 6, 6, to) },
  "ip saddr": { type: "ipv4_addr", load: (w, to) => payload(w, "network", 12, 4, to), family: "ipv4" },
  "ip daddr": { type: "ipv4_addr", load: (w, to) => payload(w, "network", 16, 4, to), family: "ipv4" },
  "ip6 saddr": { type: "ipv6_addr", load: (w, to) => payload(w, "network", 8, 16, to), family: "ipv6" },
  "ip6 daddr": { type: "ipv6_addr", load: (w, to) => payload(w, "network", 24, 16, to), family: "ipv6" },
  "th sport": { type: "inet_service", load: (w, to) => payload(w, "transport", 0, 2, to) },
  "th dport": { type: "inet_service", load: (w, to) => payload(w, "transport", 2, 2, to) },
  "ct state": { type: "ct_state", load: (w, to) => ct(w, 0, to) },
  "ct status": { type: "ct_status", load: (w, to) => ct(w, 2, to) },
  "fib daddr type": { type: "fib_addrtype", load: fibDestinationType },
};

/** [nf_conntrack_tuple_common.h]: bit 0 is invalid, then 1 + enum ip_conntrack_info. */
export const CT_STATES = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } as const;
/** [nf_conntrack_common.h enum ip_conntrack_status] */
export const CT_STATUSES = { assured: 4, confirmed: 8, snat: 16, dnat: 32 } as const;
/** [rtnetlink.h RTN_*] */
export const ADDRESS_TYPES: Record<string, number> = { unicast: 1, local: 2, broadcast: 3, anycast: 4, multicast: 5 };
