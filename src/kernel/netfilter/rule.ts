import { NetError } from "../../model/errors.ts";
import type { NftAction, NftField, NftMatch, NftRule, NftTable, NftValue } from "../../model/nft.ts";
import { hostOrder32, type NetlinkWriter } from "../netlink/attribute.ts";
import { FAMILY } from "./constants.ts";
import { bitwise, compare, counter, FIRST_REGISTER, immediate, lookup, masquerade, nat, redirect, verdict } from "./expression.ts";
import { ADDRESS_TYPES, CT_STATES, CT_STATUSES, FIELDS } from "./fields.ts";
import { bytesOf, encodeValue, isBlock, maskOf, padded } from "./types.ts";

/** Writes a rule's expressions. Registers are free again after every statement: nothing is carried from one to the next. */
export function encodeRule(w: NetlinkWriter, table: NftTable, rule: NftRule): void {
  let family: string | undefined = table.family === "inet" ? undefined : table.family === "ip" ? "ipv4" : "ipv6";
  for (const statement of rule) {
    for (const field of fieldsOf(statement)) {
      const needed = FIELDS[field].family;
      if (needed === undefined || needed === family) continue;
      FIELDS["meta nfproto"].load(w, FIRST_REGISTER);
      compare(w, FIRST_REGISTER, "==", encodeValue("nf_proto", needed));
      family = needed;
    }
    if ("match" in statement || "lookup" in statement) encodeMatch(w, statement);
    else encodeAction(w, statement);
  }
}

function fieldsOf(statement: NftMatch | NftAction): readonly NftField[] {
  if ("match" in statement) return [statement.match];
  if ("lookup" in statement) return statement.lookup;
  if ("vmap" in statement) return statement.vmap;
  return "dnat" in statement ? statement.dnat : [];
}

function encodeMatch(w: NetlinkWriter, match: NftMatch): void {
  if ("lookup" in match) {
    load(w, match.lookup);
    lookup(w, match.set.name, FIRST_REGISTER, undefined, match.not);
    return;
  }
  FIELDS[match.match].load(w, FIRST_REGISTER);
  if ("any" in match) {
    const bits =
      match.match === "ct state" ? sum(match.any.map((name) => CT_STATES[name])) : sum(match.any.map((name) => CT_STATUSES[name]));
    bitwise(w, FIRST_REGISTER, hostOrder32(bits));
    compare(w, FIRST_REGISTER, "!=", hostOrder32(0));
    return;
  }
  const type = FIELDS[match.match].type;
  const operator = match.not === true ? "!=" : "==";
  if (type === "fib_addrtype") {
    compare(w, FIRST_REGISTER, operator, hostOrder32(addressType(match.is)));
  } else if (type !== "ct_state" && type !== "ct_status") {
    const block = isBlock(type, match.is) ? match.is : undefined;
    if (block !== undefined) bitwise(w, FIRST_REGISTER, maskOf(block));
    compare(w, FIRST_REGISTER, operator, encodeValue(type, block === undefined ? match.is : block.slice(0, block.indexOf("/"))));
  }
}

function encodeAction(w: NetlinkWriter, action: NftAction): void {
  if ("counter" in action) counter(w);
  else if ("verdict" in action) verdict(w, action.verdict);
  else if ("masquerade" in action) masquerade(w);
  else if ("redirect" in action) {
    immediate(w, FIRST_REGISTER, encodeValue("inet_service", action.redirect.port));
    redirect(w, FIRST_REGISTER);
  } else if ("vmap" in action) {
    load(w, action.vmap);
    lookup(w, action.map.name, FIRST_REGISTER, "verdict");
  } else if ("dnat" in action) {
    load(w, action.dnat);
    lookup(w, action.map.name, FIRST_REGISTER, FIRST_REGISTER);
    nat(w, "dnat", FAMILY[action.family], FIRST_REGISTER, FIRST_REGISTER + addressRegisters(action.family));
  } else {
    const port = FIRST_REGISTER + addressRegisters(action.family);
    immediate(w, FIRST_REGISTER, encodeValue(action.family === "ip" ? "ipv4_addr" : "ipv6_addr", action.address));
    if (action.port !== undefined) immediate(w, port, encodeValue("inet_service", action.port));
    nat(w, action.nat, FAMILY[action.family], FIRST_REGISTER, action.port === undefined ? undefined : port);
  }
}

/** Loads a concatenation into consecutive registers. */
function load(w: NetlinkWriter, fields: readonly NftField[]): void {
  let register = FIRST_REGISTER;
  for (const name of fields) {
    const field = FIELDS[name];
    field.load(w, register);
    register += registers(name);
  }
}

function registers(name: NftField): number {
  const type = FIELDS[name].type;
  return type === "ct_state" || type === "ct_status" || type === "fib_addrtype" ? 1 : padded(bytesOf(type)) / 4;
}

function addressRegisters(family: "ip" | "ip6"): number {
  return family === "ip" ? 1 : 4;
}

function addressType(name: NftValue): number {
  const type = ADDRESS_TYPES[name];
  if (type === undefined)
    throw new NetError("invalid", `${name} is not a type of address`, { hint: Object.keys(ADDRESS_TYPES).join(", ") });
  return type;
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, one) => all | one, 0);
}
