import { getSystemErrorMap } from "node:util";
import { type NetlinkMessage, type NetlinkWriter, netlinkWriter, read32, readAttributes, readInt32, readMessages } from "./attribute.ts";

/** [netlink.h] */
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
export const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLMSGERR_ATTR_MSG = 1;
/** struct nlmsghdr */
const HEADER_BYTES = 16;

/** One question to the kernel. */
export interface Request {
  type: number;
  /** Besides NLM_F_REQUEST and, unless it is a dump, NLM_F_ACK. */
  flags: number;
  /** Fixed header and attributes. */
  body(w: NetlinkWriter): void;
  /** What it asks in words, as ip(8) would be told: it begins the error message. */
  what: string;
}

/** What the kernel said to one request. */
export interface Answer {
  /** Absent: done. */
  refusal?: Refusal;
  messages: NetlinkMessage[];
  /** The table changed under a dump: what was read may lack or repeat entries. */
  interrupted: boolean;
}

export interface Refusal {
  /** Positive, as errno is. */
  errno: number;
  /** `EEXIST` */
  name: string;
  /** The errno in words and what the kernel's extended acknowledgement adds. */
  text: string;
}

/** The requests for one sendmsg, numbered from `firstSequence`. Each is answered by exactly one NLMSG_ERROR or NLMSG_DONE. */
export function encodeRequests(requests: readonly Request[], firstSequence: number): Buffer {
  const w = netlinkWriter();
  requests.forEach((request, i) => {
    const answered = (request.flags & NLM_F_DUMP) === NLM_F_DUMP ? 0 : NLM_F_ACK;
    w.message(request.type, NLM_F_REQUEST | answered | request.flags, (firstSequence + i) >>> 0, () => request.body(w));
  });
  return w.finish();
}

/** Sorts what came by the request that it answers; other sequence numbers are left aside. */
export function decodeAnswers(bytes: Buffer, count: number, firstSequence: number): Answer[] {
  const answers: Answer[] = Array.from({ length: count }, () => ({ messages: [], interrupted: false }));
  for (const message of readMessages(bytes)) {
    const answer = answers[(message.sequence - firstSequence) >>> 0];
    if (answer === undefined) continue;
    if (message.flags & NLM_F_DUMP_INTR) answer.interrupted = true;
    if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) {
      answer.messages.push(message);
      continue;
    }
    const refusal = readRefusal(message);
    if (refusal !== undefined) answer.refusal = refusal;
  }
  return answers;
}

/** NLMSG_ERROR and NLMSG_DONE begin with a negative errno, or 0. */
export function readRefusal(message: NetlinkMessage): Refusal | undefined {
  const errno = message.body.length >= 4 ? -readInt32(message.body) : 0;
  if (errno === 0) return undefined;
  const [name, words] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "refused"];
  const detail = kernelText(message);
  return { errno, name, text: detail === undefined ? `${words} (${name})` : `${words} (${name}): ${detail}` };
}

/** The kernel's own words [netlink.h NLMSGERR_ATTR_MSG]; they follow the refused message, of which only the header comes back when capped. */
function kernelText({ type, flags, body }: NetlinkMessage): string | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0) return undefined;
  const echoed = type === NLMSG_DONE ? 0 : flags & NLM_F_CAPPED || body.length < 8 ? HEADER_BYTES : (read32(body, 4) + 3) & ~3;
  const text = readAttributes(body.subarray(4 + echoed)).get(NLMSGERR_ATTR_MSG);
  return text?.toString("utf8").replace(/\0.*$/s, "");
}
