import type { NetError } from "../../model/errors.ts";
import { readMessages } from "../netlink/attribute.ts";
import { NLMSG_ERROR, readRefusal } from "../netlink/message.ts";
import { refused } from "../refusal.ts";
import type { EncodedBatch } from "./batch.ts";
import { printCommand } from "./print.ts";

/** An element with thousands of others in one command is not worth a screen. */
const SHOWN_CHARACTERS = 200;

/**
 * What the kernel answered to a batch: undefined when it took it, else the first refusal, with the command that it refused.
 * A table, chain, set or element that is not there is notFound; one that is there and differs, or is in use, conflict.
 */
export function batchError({ commandOf }: Pick<EncodedBatch, "commandOf">, replies: Buffer): NetError | undefined {
  for (const message of readMessages(replies)) {
    const refusal = message.type === NLMSG_ERROR ? readRefusal(message) : undefined;
    if (refusal === undefined) continue;
    const command = commandOf[message.sequence - 1];
    return refused(command === undefined ? "nft: commit" : `nft ${shorten(printCommand(command))}`, refusal);
  }
  return undefined;
}

function shorten(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
}
