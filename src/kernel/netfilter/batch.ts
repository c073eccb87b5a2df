import type { NftBatch, NftChain, NftCommand, NftSet } from "../../model/nft.ts";
import { type NetlinkWriter, netlinkWriter } from "../netlink/attribute.ts";
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST } from "../netlink/message.ts";
import {
  FAMILY,
  HOOK,
  MESSAGE,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFTA_CHAIN_HOOK,
  NFTA_CHAIN_NAME,
  NFTA_CHAIN_POLICY,
  NFTA_CHAIN_TABLE,
  NFTA_CHAIN_TYPE,
  NFTA_HOOK_HOOKNUM,
  NFTA_HOOK_PRIORITY,
  NFTA_RULE_CHAIN,
  NFTA_RULE_EXPRESSIONS,
  NFTA_RULE_TABLE,
  NFTA_RULE_USERDATA,
  NFTA_SET_ELEM_LIST_SET,
  NFTA_SET_ELEM_LIST_TABLE,
  NFTA_SET_NAME,
  NFTA_SET_TABLE,
  NFTA_TABLE_NAME,
  NLM_F_APPEND,
  NLM_F_NONREC,
  VERDICT,
} from "./constants.ts";
import { encodeRule } from "./rule.ts";
import { encodeElements, encodeSet } from "./set.ts";

export interface EncodedBatch {
  /** For one sendmsg: the kernel takes a transaction in one datagram. */
  bytes: Buffer;
  /** One acknowledgement a message; more come when the commit itself fails. */
  expectedReplies: number;
  /** Which command message number i (its sequence less 1) belongs to; a long list of elements is several messages. */
  commandOf: readonly NftCommand[];
}

/**
 * `nft -f`: all commands or none, in order. Every message asks to be acknowledged, so that an error is told with the command that it is of.
 * @throws invalid for a value that is not of its type.
 */
export function encodeBatch(batch: NftBatch): EncodedBatch {
  const w = netlinkWriter(16 * 1024);
  const commandOf: NftCommand[] = [];
  edge(w, NFNL_MSG_BATCH_BEGIN);
  for (const command of batch) {
    const message = (type: number, flags: number, body: () => void) => {
      commandOf.push(command);
      w.message((NFNL_SUBSYS_NFTABLES << 8) | type, NLM_F_REQUEST | NLM_F_ACK | flags, commandOf.length, () => {
        w.header(Uint8Array.of(FAMILY[tableOf(command).family], 0, 0, 0));
        body();
      });
    };
    encodeCommand(w, command, commandOf.length + 1, message);
  }
  edge(w, NFNL_MSG_BATCH_END);
  return { bytes: w.finish(), expectedReplies: commandOf.length, commandOf };
}

type Message = (type: number, flags: number, body: () => void) => void;

function encodeCommand(w: NetlinkWriter, command: NftCommand, id: number, message: Message): void {
  switch (command.verb) {
    case "table add":
      message(MESSAGE.newTable, NLM_F_CREATE, () => w.text(NFTA_TABLE_NAME, command.table.name));
      break;
    case "table delete":
      message(MESSAGE.delTable, onlyEmpty(command), () => w.text(NFTA_TABLE_NAME, command.table.name));
      break;
    case "chain add":
      message(MESSAGE.newChain, NLM_F_CREATE, () => encodeChain(w, command.chain));
      break;
    case "chain delete":
      message(MESSAGE.delChain, onlyEmpty(command), () => name(w, command.chain, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME));
      break;
    case "chain flush":
      message(MESSAGE.delRule, 0, () => name(w, command.chain, NFTA_RULE_TABLE, NFTA_RULE_CHAIN));
      break;
    case "rule add":
      message(MESSAGE.newRule, NLM_F_CREATE | NLM_F_APPEND, () => {
        name(w, command.chain, NFTA_RULE_TABLE, NFTA_RULE_CHAIN);
        w.nest(NFTA_RULE_EXPRESSIONS, () => encodeRule(w, command.chain.table, command.rule));
        if (command.comment !== undefined) w.bytes(NFTA_RULE_USERDATA, comment(command.comment));
      });
      break;
    case "set add":
      message(MESSAGE.newSet, NLM_F_CREATE, () => encodeSet(w, command.set, id));
      break;
    case "set delete":
      message(MESSAGE.delSet, 0, () => name(w, command.set, NFTA_SET_TABLE, NFTA_SET_NAME));
      break;
    case "set flush":
      message(MESSAGE.delElement, 0, () => name(w, command.set, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET));
      break;
    case "element add":
    case "element delete": {
      const [type, flags] = command.verb === "element add" ? [MESSAGE.newElement, NLM_F_CREATE] : [MESSAGE.delElement, 0];
      for (let next = 0; next < command.elements.length; ) {
        message(type, flags, () => {
          name(w, command.set, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET);
          next = encodeElements(w, command.set, command.elements, next);
        });
      }
    }
  }
}

function name(w: NetlinkWriter, thing: NftChain | NftSet, tableAttribute: number, nameAttribute: number): void {
  w.text(tableAttribute, thing.table.name);
  w.text(nameAttribute, thing.name);
}

function encodeChain(w: NetlinkWriter, chain: NftChain): void {
  name(w, chain, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME);
  const { base } = chain;
  if (base === undefined) return;
  w.nest(NFTA_CHAIN_HOOK, () => {
    w.u32be(NFTA_HOOK_HOOKNUM, HOOK[base.hook]);
    w.u32be(NFTA_HOOK_PRIORITY, base.priority >>> 0);
  });
  w.u32be(NFTA_CHAIN_POLICY, VERDICT[base.policy]);
  w.text(NFTA_CHAIN_TYPE, base.type);
}

/** BATCH_BEGIN and BATCH_END say in res_id whose transaction it is. [nfnetlink.h] */
function edge(w: NetlinkWriter, type: number): void {
  w.message(type, NLM_F_REQUEST, 0, () => w.header(Uint8Array.of(0, 0, 0, NFNL_SUBSYS_NFTABLES)));
}

function onlyEmpty(command: { onlyEmpty?: boolean }): number {
  return command.onlyEmpty === true ? NLM_F_NONREC : 0;
}

/** nft(8)'s userdata of a rule: type 0, length, text with its NUL. [libnftnl udata.h NFTNL_UDATA_RULE_COMMENT] */
function comment(text: string): Uint8Array {
  const bytes = Buffer.from(`${text}\0`);
  return Uint8Array.of(0, bytes.length, ...bytes);
}

function tableOf(command: NftCommand) {
  if ("table" in command) return command.table;
  return "chain" in command ? command.chain.table : command.set.table;
}
