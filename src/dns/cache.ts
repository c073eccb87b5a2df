import { FLAG, HEADER_BYTES, lower, type Query, RCODE, setU32, skipName, skipRecord, TYPE, u8, u16, u32 } from "./wire.ts";

/** Answers of upstreams for as long as they allow. */
export interface Cache {
  /** A copy with what is left of its TTLs and this query's id; undefined when there is none or it is longer than `limit`. */
  find(message: Buffer, query: Query, limit: number): Buffer | undefined;
  /** Keeps an answer if it says for how long. */
  add(message: Buffer, query: Query, answer: Buffer): void;
}

interface Entry {
  answer: Buffer;
  /** Where the TTLs are. */
  ttls: number[];
  storedMs: number;
  expiresMs: number;
}

const MAX_ENTRIES = 256;
/** However long the owner allows: a cache that nobody can flush must forget by itself. */
const MAX_TTL_S = 300;

/** @param nowMs a clock that never goes back */
export function createCache(nowMs: () => number = () => performance.now()): Cache {
  const entries = new Map<string, Entry>();

  return {
    find(message, query, limit) {
      const entry = query.ednsOptions ? undefined : entries.get(keyOf(message, query));
      if (!entry || entry.answer.length > limit || nowMs() >= entry.expiresMs) return undefined;
      const answer = Buffer.from(entry.answer);
      const ageS = Math.floor((nowMs() - entry.storedMs) / 1000);
      for (const at of entry.ttls) setU32(answer, at, Math.max(0, u32(answer, at) - ageS));
      message.copy(answer, 0, 0, 2);
      message.copy(answer, HEADER_BYTES, HEADER_BYTES, query.questionEnd);
      return answer;
    },
    add(message, query, answer) {
      const life = query.ednsOptions ? undefined : lifeOf(answer, query.questionEnd);
      if (!life) return;
      const key = keyOf(message, query);
      entries.delete(key);
      const oldest = entries.size >= MAX_ENTRIES ? entries.keys().next().value : undefined;
      if (oldest !== undefined) entries.delete(oldest);
      const storedMs = nowMs();
      entries.set(key, { answer: Buffer.from(answer), ttls: life.ttls, storedMs, expiresMs: storedMs + life.ttlS * 1000 });
    },
  };
}

/** The question in lower case and whatever else of the query an answer depends on. */
function keyOf(message: Buffer, query: Query): string {
  const question = message.subarray(HEADER_BYTES, query.questionEnd).map(lower);
  const flags = `${u8(message, 2) & FLAG.recursionDesired}${u8(message, 3) & 0x30}${query.edns}${query.dnssecOk}`;
  return `${Buffer.from(question).toString("latin1")} ${flags}`;
}

/**
 * How long an answer may be kept: the least TTL of what answers; for "there is none" what the SOA says, and not at all without one. [RFC 2308 5]
 * @returns undefined for what is not to be kept
 */
function lifeOf(answer: Buffer, questionEnd: number): { ttlS: number; ttls: number[] } | undefined {
  const rcode = u8(answer, 3) & 15;
  if (u8(answer, 2) & FLAG.truncated || (rcode !== RCODE.noError && rcode !== RCODE.nxDomain)) return undefined;
  const answers = u16(answer, 6);
  const authorities = answers + u16(answer, 8);
  const all = authorities + u16(answer, 10);
  const ttls: number[] = [];
  let ttlS = Number.POSITIVE_INFINITY;
  let negative: number | undefined;
  let at: number | undefined = questionEnd;
  for (let i = 0; i < all; i++) {
    const fixed: number | undefined = skipName(answer, at, answer.length);
    const next: number | undefined = skipRecord(answer, at, answer.length);
    if (fixed === undefined || next === undefined) return undefined;
    const type = u16(answer, fixed);
    // Options are between two machines, so an answer that carries some is not another's.
    if (type === TYPE.opt && u16(answer, fixed + 8) > 0) return undefined;
    if (type !== TYPE.opt) {
      ttls.push(fixed + 4);
      ttlS = Math.min(ttlS, u32(answer, fixed + 4));
    }
    if (type === TYPE.soa && i >= answers && i < authorities && next - fixed >= 14) negative = u32(answer, next - 4);
    at = next;
  }
  const isNegative = rcode === RCODE.nxDomain || answers === 0;
  if (isNegative && negative === undefined) return undefined;
  const life = Math.min(ttlS, isNegative ? (negative ?? 0) : MAX_TTL_S, MAX_TTL_S);
  return life > 0 && life < Number.POSITIVE_INFINITY ? { ttlS: life, ttls } : undefined;
}
