import { type Asking, ask, type PATIENCE } from "./ask.ts";
import { createCache } from "./cache.ts";
import type { Dial, Transport, Upstream } from "./dial.ts";
import type { Share } from "./quota.ts";
import { prepareNegative, writeRefusal, writeReply } from "./reply.ts";
import { CLASS_IN, FLAG, newQuery, type Query, RCODE, readQuery, u8 } from "./wire.ts";

/** The most that a datagram over IPv4 carries. */
const MAX_DATAGRAM_BYTES = 65_507;
/** Header, question and OPT at their longest, and an SOA. */
const MAX_REFUSAL_BYTES = 512;

/** Finds answers elsewhere, for one sandbox. */
export interface Forwarder {
  /** `message` is a query that was read without a complaint. @returns what to send to the client; undefined when we closed in between */
  forward(message: Buffer, upstreams: readonly Upstream[], transport: Transport): Promise<Buffer | undefined>;
  /** Forgets the answers that were kept. */
  forget(): void;
  /** Gives up what is on its way. */
  close(): void;
}

export function createForwarder(options: { dial: Dial; share: Share; patience?: typeof PATIENCE }): Forwarder {
  const { dial, share, patience } = options;
  const asked = new Set<Asking>();
  let cache = createCache();
  let closed = false;

  return {
    async forward(message, upstreams, transport) {
      const query = newQuery();
      readQuery(message, 0, message.length, query);
      if (upstreams.length === 0) return refuseAlone(message, query);
      const limit = transport === "udp" ? Math.min(query.udpBytes, MAX_DATAGRAM_BYTES) : 0xffff;
      const kept = cache.find(message, query, limit);
      if (kept) return kept;
      if (closed) return undefined;
      if (!share.take()) return refusal(message, query, RCODE.refused);
      const answer = await answerOf(ask(message, query, upstreams, transport, dial, patience));
      if (closed) return undefined;
      if (!answer) return refusal(message, query, RCODE.servFail);
      cache.add(message, query, answer);
      return answer.length > limit ? truncated(message, query) : answer;
    },
    forget() {
      cache = createCache();
    },
    close() {
      closed = true;
      for (const asking of asked) asking.cancel();
    },
  };

  async function answerOf(asking: Asking): Promise<Buffer | undefined> {
    asked.add(asking);
    try {
      return await asking.answer;
    } finally {
      asked.delete(asking);
      share.give();
    }
  }
}

/**
 * With nobody to ask: a single label can only be one of our names, so it does not exist; of other names we cannot say anything, which is
 * SERVFAIL, and other classes are not ours at all.
 */
function refuseAlone(message: Buffer, query: Query): Buffer {
  if (query.class !== CLASS_IN) return refusal(message, query, RCODE.refused);
  if (query.labels !== 1) return refusal(message, query, RCODE.servFail);
  const out = Buffer.alloc(MAX_REFUSAL_BYTES);
  const negative = prepareNegative(message, query, RCODE.nxDomain);
  return out.subarray(0, writeReply(message, query, negative, out, 0, out.length));
}

function refusal(message: Buffer, query: Query, rcode: number): Buffer {
  const out = Buffer.alloc(MAX_REFUSAL_BYTES);
  return out.subarray(0, writeRefusal(message, query, rcode, out, 0));
}

/** An upstream's answer that this client cannot take over UDP: it has to come again over TCP. */
function truncated(message: Buffer, query: Query): Buffer {
  const reply = refusal(message, query, RCODE.noError);
  reply[2] = u8(reply, 2) | FLAG.truncated;
  return reply;
}
