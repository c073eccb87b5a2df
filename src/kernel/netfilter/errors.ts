import { getSystemErrorName } from "node:util";
import { type Code, NetError } from "../../model/errors.ts";
import { read32, readAttributes, readInt32, readMessages } from "../netlink/attribute.ts";
import type { EncodedBatch } from "./batch.ts";
import { printCommand } from "./print.ts";

const NLMSG_ERROR = 2;
/** The rest of an error message is attributes, the failed message was cut off. [netlink.h] */
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;
/** An element with thousands of others in one command is not worth a screen. */
const SHOWN_CHARACTERS = 200;

const CODES: Record<string, Code> = {
  ENOENT: "notFound",
  EEXIST: "conflict",
  EBUSY: "conflict",
  EPERM: "forbidden",
  EOPNOTSUPP: "unsupported",
  EAFNOSUPPORT: "unsupported",
  EPROTONOSUPPORT: "unsupported",
};

/**
 * What the kernel answered to a batch: undefined when it took it, else the first refusal, with the command that it refused.
 * A table, chain or set that is not there is notFound, one that is there and differs or is in use conflict.
 */
export function batchError(sent: Pick<EncodedBatch, "commandOf">, replies: Buffer): NetError | undefined {
  for (const { type, flags, sequence, body } of readMessages(replies)) {
    if (type !== NLMSG_ERROR) continue;
    const errno = readInt32(body);
    if (errno === 0) continue;
    const name = getSystemErrorName(errno);
    const command = sent.commandOf[sequence - 1];
    const what = command === undefined ? "the transaction" : shorten(printCommand(command));
    const detail = (flags & NLM_F_ACK_TLVS) === 0 ? undefined : kernelMessage(body, flags);
    return new NetError(CODES[name] ?? "internal", `nftables refused ${what}: ${detail ?? name}`, hintOf(name));
  }
  return undefined;
}

function hintOf(name: string): { hint?: string } {
  if (name === "EPERM") return { hint: "CAP_NET_ADMIN is needed in the network namespace" };
  if (name === "EOPNOTSUPP" || name === "EPROTONOSUPPORT") return { hint: "this kernel lacks an nftables module" };
  return {};
}

/** After the error number comes the refused message, only its header when capped. */
function kernelMessage(body: Buffer, flags: number): string | undefined {
  const original = (flags & NLM_F_CAPPED) === 0 ? read32(body, 4) : 16;
  const text = readAttributes(body.subarray(4 + original)).get(NLMSGERR_ATTR_MSG);
  return text?.toString("utf8").replace(/\0+$/, "");
}

function shorten(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
}
