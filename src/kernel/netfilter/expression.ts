import type { NftVerdict } from "../../model/nft.ts";
import type { NetlinkWriter } from "../netlink/attribute.ts";
import {
  NFTA_DATA_VALUE,
  NFTA_DATA_VERDICT,
  NFTA_EXPR_DATA,
  NFTA_EXPR_NAME,
  NFTA_LIST_ELEM,
  NFTA_VERDICT_CHAIN,
  NFTA_VERDICT_CODE,
  VERDICT,
} from "./constants.ts";

/**
 * The kernel's own expressions, one function each: a small machine with a verdict register and sixteen of 4 bytes. Loads fill registers,
 * comparisons end the rule when they fail. [nf_tables.h enum nft_*_attributes]
 */

/** The register that is a verdict. */
const REG_VERDICT = 0;
/** NFT_REG32_00: the first of sixteen. */
export const FIRST_REGISTER = 8;

export function payload(w: NetlinkWriter, base: "link" | "network" | "transport", offset: number, bytes: number, to: number): void {
  expression(w, "payload", () => {
    w.u32be(1, to);
    w.u32be(2, { link: 0, network: 1, transport: 2 }[base]);
    w.u32be(3, offset);
    w.u32be(4, bytes);
  });
}

/** `key` is one of enum nft_meta_keys. */
export function meta(w: NetlinkWriter, key: number, to: number): void {
  expression(w, "meta", () => {
    w.u32be(1, to);
    w.u32be(2, key);
  });
}

/** `key` is one of enum nft_ct_keys. */
export function ct(w: NetlinkWriter, key: number, to: number): void {
  expression(w, "ct", () => {
    w.u32be(1, to);
    w.u32be(2, key);
  });
}

/** What kind of address the destination is to this host: NFT_FIB_RESULT_ADDRTYPE of NFTA_FIB_F_DADDR. */
export function fibDestinationType(w: NetlinkWriter, to: number): void {
  expression(w, "fib", () => {
    w.u32be(1, to);
    w.u32be(2, 3);
    w.u32be(3, 1 << 1);
  });
}

/** register = register & mask. */
export function bitwise(w: NetlinkWriter, register: number, mask: Uint8Array): void {
  expression(w, "bitwise", () => {
    w.u32be(1, register);
    w.u32be(2, register);
    w.u32be(3, mask.length);
    w.nest(4, () => w.bytes(NFTA_DATA_VALUE, mask));
    w.nest(5, () => w.bytes(NFTA_DATA_VALUE, new Uint8Array(mask.length)));
  });
}

export function compare(w: NetlinkWriter, register: number, operator: "==" | "!=", value: Uint8Array): void {
  expression(w, "cmp", () => {
    w.u32be(1, register);
    w.u32be(2, operator === "==" ? 0 : 1);
    w.nest(3, () => w.bytes(NFTA_DATA_VALUE, value));
  });
}

/** `to` is where a map's data goes; `"verdict"` does what it says. */
export function lookup(w: NetlinkWriter, set: string, from: number, to?: number | "verdict", not = false): void {
  expression(w, "lookup", () => {
    w.text(1, set);
    w.u32be(2, from);
    if (to !== undefined) w.u32be(3, to === "verdict" ? REG_VERDICT : to);
    if (not) w.u32be(5, 1);
  });
}

export function immediate(w: NetlinkWriter, to: number, value: Uint8Array): void {
  expression(w, "immediate", () => {
    w.u32be(1, to);
    w.nest(2, () => w.bytes(NFTA_DATA_VALUE, value));
  });
}

export function verdict(w: NetlinkWriter, verdict: NftVerdict): void {
  expression(w, "immediate", () => {
    w.u32be(1, REG_VERDICT);
    w.nest(2, () => verdictData(w, verdict));
  });
}

/** A verdict as data, of an immediate or of an element. */
export function verdictData(w: NetlinkWriter, verdict: NftVerdict): void {
  w.nest(NFTA_DATA_VERDICT, () => {
    if (typeof verdict === "string") {
      w.u32be(NFTA_VERDICT_CODE, VERDICT[verdict] >>> 0);
    } else {
      w.u32be(NFTA_VERDICT_CODE, ("jump" in verdict ? VERDICT.jump : VERDICT.goto) >>> 0);
      w.text(NFTA_VERDICT_CHAIN, "jump" in verdict ? verdict.jump : verdict.goto);
    }
  });
}

/** `family` is NFPROTO_IPV4 or NFPROTO_IPV6; the registers hold an address and a port in network order. */
export function nat(w: NetlinkWriter, kind: "snat" | "dnat", family: number, address: number, port?: number): void {
  expression(w, "nat", () => {
    w.u32be(1, kind === "snat" ? 0 : 1);
    w.u32be(2, family);
    w.u32be(3, address);
    if (port !== undefined) w.u32be(5, port);
  });
}

export function redirect(w: NetlinkWriter, port: number): void {
  expression(w, "redir", () => w.u32be(1, port));
}

export function masquerade(w: NetlinkWriter): void {
  expression(w, "masq", () => {});
}

/** Both counts start at 0, which is what the kernel takes absence for. */
export function counter(w: NetlinkWriter): void {
  expression(w, "counter", () => {});
}

function expression(w: NetlinkWriter, name: string, body: () => void): void {
  w.nest(NFTA_LIST_ELEM, () => {
    w.text(NFTA_EXPR_NAME, name);
    w.nest(NFTA_EXPR_DATA, body);
  });
}
