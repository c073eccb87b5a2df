import { type Ip, ipBytes } from "../model/address.ts";
import { CLASS_IN, FLAG, HEADER_BYTES, lower, type Query, setU16, setU32, TYPE, u8 } from "./wire.ts";

/**
 * How long a client may keep what it was told, in seconds. glibc and musl keep nothing, so it costs them nothing; nginx, Envoy and the JVM do keep,
 * and a container that comes back has another address. Docker says 600 and is worked around (`resolver ... valid=10s`).
 */
export const TTL_S = 5;
/** What we advertise and the most that a local answer over UDP takes. */
export const MAX_UDP_BYTES = 4096;

const OPT_BYTES = 11;
/** The question's name is the first thing after the header, so it is always at this offset. [RFC 1035 4.1.4] */
const POINTER_TO_QUESTION = 0xc000 | HEADER_BYTES;

/** The records of an answer, ready to be copied behind a question. */
export interface Prepared {
  /** Name in lower case, type and class. */
  question: Uint8Array;
  hash: number;
  rcode: number;
  count: number;
  /** The answer records, twice over when they are rotated: any `count` in a row are then one order. */
  answers: Uint8Array;
  /** Bytes of one record when all are equally long; 0: only whole and in this order. */
  recordBytes: number;
  authority: Uint8Array;
  turn: number;
  /** The next one with the same hash. */
  next: Prepared | undefined;
}

const NOTHING = new Uint8Array(0);

/** An SOA of the root says how long "there is none" holds; the root is above every name that was asked for. [RFC 2308 3] */
const SOA = (() => {
  const serial = [1, 3600, 600, 86_400, TTL_S];
  const bytes = new Uint8Array(1 + 10 + 2 + 4 * serial.length);
  setU16(bytes, 1, TYPE.soa);
  setU16(bytes, 3, CLASS_IN);
  setU32(bytes, 5, TTL_S);
  setU16(bytes, 9, 2 + 4 * serial.length);
  for (const [i, value] of serial.entries()) setU32(bytes, 13 + 4 * i, value);
  return bytes;
})();

/** An answer with these addresses; with none of them it says that the name exists and has no such record. */
export function prepareAddresses(buffer: Uint8Array, query: Query, ips: readonly Ip[]): Prepared {
  const data = ips.map((ip) => ipBytes(ip));
  const records = data.map((bytes) => record(bytes.length === 4 ? TYPE.a : TYPE.aaaa, bytes));
  const even = records.every((bytes) => bytes.length === records[0]?.length);
  return prepared(buffer, query, 0, records, even && records.length > 0);
}

/** A PTR answer; `name` is in wire format. */
export function preparePointer(buffer: Uint8Array, query: Query, name: Uint8Array): Prepared {
  return prepared(buffer, query, 0, [record(TYPE.ptr, name)], true);
}

/** A negative answer: this rcode and the SOA. */
export function prepareNegative(buffer: Uint8Array, query: Query, rcode: number): Prepared {
  return prepared(buffer, query, rcode, [], false);
}

function prepared(buffer: Uint8Array, query: Query, rcode: number, records: Uint8Array[], even: boolean): Prepared {
  return {
    question: Uint8Array.from(buffer.subarray(query.start + HEADER_BYTES, query.questionEnd), lower),
    hash: query.hash,
    rcode,
    count: records.length,
    answers: new Uint8Array(Buffer.concat(even ? [...records, ...records] : records)),
    recordBytes: even ? (records[0]?.length ?? 0) : 0,
    authority: records.length === 0 ? SOA : NOTHING,
    turn: 0,
    next: undefined,
  };
}

function record(type: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  setU16(bytes, 0, POINTER_TO_QUESTION);
  setU16(bytes, 2, type);
  setU16(bytes, 4, CLASS_IN);
  setU32(bytes, 6, TTL_S);
  setU16(bytes, 10, data.length);
  bytes.set(data, 12);
  return bytes;
}

/** Copies byte by byte: at these sizes cheaper than the view that `set` would need. */
function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  for (let i = start; i < end; i++) to[at++] = u8(from, i);
  return at;
}

/**
 * Writes the answer to `query` at `out[at]`, with the question as the client spelled it, and as many whole records as `limit` bytes take;
 * TC says when some did not fit. [RFC 2181 9]
 * @returns its length
 */
export function writeReply(buffer: Uint8Array, query: Query, answer: Prepared, out: Uint8Array, at: number, limit: number): number {
  let end = writeHead(buffer, query, answer.rcode, out, at);
  const stop = at + limit - (query.edns ? OPT_BYTES : 0);
  let bytes = answer.recordBytes === 0 ? answer.answers.length : answer.count * answer.recordBytes;
  let count = answer.count;
  if (end + bytes > stop) {
    out[at + 2] = u8(out, at + 2) | FLAG.truncated;
    count = answer.recordBytes === 0 ? 0 : Math.floor((stop - end) / answer.recordBytes);
    bytes = count * answer.recordBytes;
  }
  const first = answer.turn * answer.recordBytes;
  if (++answer.turn >= answer.count) answer.turn = 0;
  end = copy(answer.answers, first, first + bytes, out, end);
  setU16(out, at + 6, count);
  if (answer.authority.length > 0 && end + answer.authority.length <= stop) {
    end = copy(answer.authority, 0, answer.authority.length, out, end);
    out[at + 9] = 1;
  }
  return (query.edns ? writeOpt(query, 0, out, at, end) : end) - at;
}

/** A reply with nothing but a code. @returns its length */
export function writeRefusal(buffer: Uint8Array, query: Query, rcode: number, out: Uint8Array, at: number): number {
  const end = writeHead(buffer, query, rcode, out, at);
  return (query.edns ? writeOpt(query, rcode, out, at, end) : end) - at;
}

/** Header and question; the counts of records are 0. */
function writeHead(buffer: Uint8Array, query: Query, rcode: number, out: Uint8Array, at: number): number {
  const start = query.start;
  out[at] = u8(buffer, start);
  out[at + 1] = u8(buffer, start + 1);
  out[at + 2] = FLAG.response | (u8(buffer, start + 2) & (FLAG.opcode | FLAG.recursionDesired));
  out[at + 3] = FLAG.recursionAvailable | (u8(buffer, start + 3) & FLAG.checkingDisabled) | (rcode & 15);
  out[at + 4] = 0;
  out[at + 5] = query.questionEnd === 0 ? 0 : 1;
  for (let i = 6; i < HEADER_BYTES; i++) out[at + i] = 0;
  if (query.questionEnd === 0) return at + HEADER_BYTES;
  return copy(buffer, start + HEADER_BYTES, query.questionEnd, out, at + HEADER_BYTES);
}

/** [RFC 6891 6.1.2]: version 0, our size, and the client's DO bit. */
function writeOpt(query: Query, rcode: number, out: Uint8Array, at: number, end: number): number {
  out[at + 11] = 1;
  out[end] = 0;
  setU16(out, end + 1, TYPE.opt);
  setU16(out, end + 3, MAX_UDP_BYTES);
  out[end + 5] = rcode >> 4;
  out[end + 6] = 0;
  setU16(out, end + 7, query.dnssecOk ? 0x8000 : 0);
  setU16(out, end + 9, 0);
  return end + OPT_BYTES;
}
