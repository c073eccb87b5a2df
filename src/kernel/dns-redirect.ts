import { type Ip, ipBytes } from "../model/address.ts";
import {
  FAMILY,
  HOOK,
  MESSAGE,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFTA_CHAIN_HOOK,
  NFTA_CHAIN_NAME,
  NFTA_CHAIN_TABLE,
  NFTA_CHAIN_TYPE,
  NFTA_EXPR_DATA,
  NFTA_EXPR_NAME,
  NFTA_HOOK_HOOKNUM,
  NFTA_HOOK_PRIORITY,
  NFTA_LIST_ELEM,
  NFTA_RULE_CHAIN,
  NFTA_RULE_EXPRESSIONS,
  NFTA_RULE_TABLE,
  NFTA_TABLE_NAME,
  NLM_F_APPEND,
} from "./netfilter/constants.ts";
import { compare, FIRST_REGISTER, immediate, meta, payload } from "./netfilter/expression.ts";
import { type NetlinkWriter, netlinkWriter } from "./netlink/attribute.ts";
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST } from "./netlink/message.ts";

const TABLE = "netloom_dns";
const CHAIN = "output";
/** Before connection tracking, which therefore sees one flow with one port. */
const PRIORITY_RAW = -300;
const DNS_PORT = 53;
/** [nf_tables.h NFT_META_L4PROTO] */
const META_L4PROTO = 16;
/** Where the header has what a rule reads and writes. [RFC 791] [RFC 768] [RFC 9293] */
const IP = { source: 12, destination: 16 } as const;
const PORT = { source: 0, destination: 2 } as const;
const PROTOCOLS = [
  { number: 17, checksumOffset: 6 },
  { number: 6, checksumOffset: 16 },
] as const;

/**
 * Lets port 53 of `ip` lead to other ports, by rewriting packets as they are sent. It needs neither connection tracking nor NAT, so it costs
 * nothing per flow, and a program may have port 53 of every address for itself:
 *
 *     table ip netloom_dns { chain output { type filter hook output priority raw
 *       ip daddr IP udp dport 53 udp dport set UDPPORT
 *       ip saddr IP udp sport UDPPORT udp sport set 53
 *       (the same for tcp) } }
 *
 * @returns one transaction, which replaces an earlier one
 */
export function encodeDnsRedirect(ip: Ip, udpPort: number, tcpPort: number): { bytes: Buffer; expectedReplies: number } {
  const w = netlinkWriter(4096);
  let expectedReplies = 0;
  const send = (type: number, flags: number, body: () => void) => {
    w.message((NFNL_SUBSYS_NFTABLES << 8) | type, NLM_F_REQUEST | NLM_F_ACK | flags, ++expectedReplies, () => {
      w.header(Uint8Array.of(FAMILY.ip, 0, 0, 0));
      body();
    });
  };
  const nameChain = () => {
    w.text(NFTA_RULE_TABLE, TABLE);
    w.text(NFTA_RULE_CHAIN, CHAIN);
  };
  edge(w, NFNL_MSG_BATCH_BEGIN);
  send(MESSAGE.newTable, NLM_F_CREATE, () => w.text(NFTA_TABLE_NAME, TABLE));
  send(MESSAGE.newChain, NLM_F_CREATE, () => writeChain(w));
  send(MESSAGE.delRule, 0, nameChain);
  for (const { number, checksumOffset } of PROTOCOLS) {
    const port = number === 17 ? udpPort : tcpPort;
    for (const rule of [
      { address: IP.destination, field: PORT.destination, from: DNS_PORT, to: port },
      { address: IP.source, field: PORT.source, from: port, to: DNS_PORT },
    ]) {
      send(MESSAGE.newRule, NLM_F_CREATE | NLM_F_APPEND, () => {
        nameChain();
        w.nest(NFTA_RULE_EXPRESSIONS, () => writeRule(w, ip, { ...rule, protocol: number, checksumOffset }));
      });
    }
  }
  edge(w, NFNL_MSG_BATCH_END);
  return { bytes: w.finish(), expectedReplies };
}

/** [nfnetlink.h] res_id says whose transaction it is. */
function edge(w: NetlinkWriter, type: number): void {
  w.message(type, NLM_F_REQUEST, 0, () => w.header(Uint8Array.of(0, 0, 0, NFNL_SUBSYS_NFTABLES)));
}

function writeChain(w: NetlinkWriter): void {
  w.text(NFTA_CHAIN_TABLE, TABLE);
  w.text(NFTA_CHAIN_NAME, CHAIN);
  w.nest(NFTA_CHAIN_HOOK, () => {
    w.u32be(NFTA_HOOK_HOOKNUM, HOOK.output);
    w.u32be(NFTA_HOOK_PRIORITY, PRIORITY_RAW >>> 0);
  });
  w.text(NFTA_CHAIN_TYPE, "filter");
}

interface Rewrite {
  /** Offsets in the IP header and in the transport header. */
  address: number;
  field: number;
  protocol: number;
  checksumOffset: number;
  from: number;
  to: number;
}

function writeRule(w: NetlinkWriter, ip: Ip, rule: Rewrite): void {
  payload(w, "network", rule.address, 4, FIRST_REGISTER);
  compare(w, FIRST_REGISTER, "==", ipBytes(ip));
  meta(w, META_L4PROTO, FIRST_REGISTER);
  compare(w, FIRST_REGISTER, "==", Uint8Array.of(rule.protocol));
  payload(w, "transport", rule.field, 2, FIRST_REGISTER);
  compare(w, FIRST_REGISTER, "==", portBytes(rule.from));
  immediate(w, FIRST_REGISTER, portBytes(rule.to));
  setPort(w, rule.field, rule.checksumOffset);
}

/** The payload expression that writes, and mends the checksum. [nf_tables.h enum nft_payload_attributes] */
function setPort(w: NetlinkWriter, offset: number, checksumOffset: number): void {
  w.nest(NFTA_LIST_ELEM, () => {
    w.text(NFTA_EXPR_NAME, "payload");
    w.nest(NFTA_EXPR_DATA, () => {
      w.u32be(2, 2); // base: transport header
      w.u32be(3, offset);
      w.u32be(4, 2); // bytes
      w.u32be(5, FIRST_REGISTER); // source
      w.u32be(6, 1); // checksum: NFT_PAYLOAD_CSUM_INET
      w.u32be(7, checksumOffset);
    });
  });
}

/** In network order. */
function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}
