import { randomInt } from "node:crypto";
import type { Call, Dial, Transport, Upstream } from "./dial.ts";
import { FLAG, HEADER_BYTES, lower, type Query, RCODE, u8, u16 } from "./wire.ts";

/**
 * How long to wait for a server before the next is asked as well, and for all of them. The sum stays below the 5 s after which glibc and musl
 * ask again, so that the client hears our answer and not silence. [resolv.conf(5) timeout]
 */
export const PATIENCE = { tryMs: 1500, totalMs: 4500 };
/** As many as a resolver reads out of resolv.conf. [resolv.conf(5) nameserver] */
const MAX_UPSTREAMS = 3;

export interface Asking {
  /** A server's answer as it came, with the client's id and spelling; undefined when there was none. */
  answer: Promise<Buffer | undefined>;
  /** Stops waiting: the answer is then undefined. */
  cancel(): void;
}

/**
 * Asks the servers in their order. SERVFAIL, REFUSED and errors go to the next at once; silence goes to the next too, but a late answer of an
 * earlier server still counts. When all were asked and time is left, the silent ones are asked again, for a datagram may be lost.
 */
export function ask(
  message: Buffer,
  query: Query,
  upstreams: readonly Upstream[],
  transport: Transport,
  dial: Dial,
  patience = PATIENCE,
): Asking {
  const question = Buffer.from(message.subarray(HEADER_BYTES, query.questionEnd));
  const candidates = upstreams.slice(0, MAX_UPSTREAMS);
  /** Those that will not answer this any more. */
  const refused = new Set<Upstream>();
  const calls: Call[] = [];
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  let turn = 0;
  let timer: NodeJS.Timeout | undefined;
  const total = setTimeout(settle, patience.totalMs);
  next();
  return { answer: promise, cancel: () => settle() };

  function settle(answer?: Buffer): void {
    clearTimeout(total);
    clearTimeout(timer);
    for (const call of calls) call.close();
    resolve(answer);
  }

  function next(): void {
    clearTimeout(timer);
    const silent = candidates.filter((upstream) => !refused.has(upstream));
    const upstream = silent.find((candidate) => candidates.indexOf(candidate) >= turn) ?? silent[0];
    if (upstream === undefined) {
      settle();
      return;
    }
    turn = candidates.indexOf(upstream) + 1;
    timer = setTimeout(next, patience.tryMs);
    calls.push(call(upstream));
  }

  /** Each try has an id of its own: a guess has to hit the id and the port. */
  function call(upstream: Upstream): Call {
    const sent = Buffer.from(message);
    sent.writeUInt16BE(randomInt(0x10000), 0);
    return dial(upstream, transport, sent, (result) => {
      if (Buffer.isBuffer(result) && !isReply(result, u16(sent, 0), question)) return;
      if (Buffer.isBuffer(result) && isFinal(result)) {
        settle(restore(result));
      } else if (!refused.has(upstream)) {
        refused.add(upstream);
        next();
      }
    });
  }

  /** The client compares id and question with what it sent. */
  function restore(reply: Buffer): Buffer {
    reply[0] = u8(message, 0);
    reply[1] = u8(message, 1);
    if (u16(reply, 4) === 1) question.copy(reply, HEADER_BYTES);
    return reply;
  }
}

function isReply(reply: Buffer, id: number, question: Buffer): boolean {
  if (reply.length < HEADER_BYTES || u16(reply, 0) !== id) return false;
  if ((u8(reply, 2) & (FLAG.response | FLAG.opcode)) !== FLAG.response) return false;
  // A server that could not read the question or does not care may leave it out, but only to refuse.
  if (u16(reply, 4) === 0) return rcodeOf(reply) !== RCODE.noError && rcodeOf(reply) !== RCODE.nxDomain;
  if (u16(reply, 4) !== 1 || reply.length < HEADER_BYTES + question.length) return false;
  return question.every((byte, i) => lower(byte) === lower(u8(reply, HEADER_BYTES + i)));
}

function isFinal(reply: Buffer): boolean {
  return rcodeOf(reply) !== RCODE.servFail && rcodeOf(reply) !== RCODE.refused;
}

function rcodeOf(reply: Buffer): number {
  return u8(reply, 3) & 15;
}
