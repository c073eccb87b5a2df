/** Sizes, codes and the reader of a query. Names in a query are never decompressed, so no message can make the reader loop. */

/** [RFC 1035 4.1.1] */
export const HEADER_BYTES = 12;
/** What a client without EDNS takes over UDP. [RFC 1035 4.2.1] */
export const PLAIN_UDP_BYTES = 512;
const MAX_NAME_BYTES = 255;

export const TYPE = { a: 1, soa: 6, ptr: 12, aaaa: 28, opt: 41, any: 255 } as const;
export const CLASS_IN = 1;
/** [RFC 1035 4.1.1], badVers [RFC 6891 6.1.3]: its upper bits travel in the OPT record. */
export const RCODE = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5, badVers: 16 } as const;
/** `readQuery`'s word for what deserves no answer: a response, or less than a header. */
export const IGNORE = -1;

/** Flags in bytes 2 and 3 of a header. */
export const FLAG = {
  response: 0x80,
  opcode: 0x78,
  truncated: 0x02,
  recursionDesired: 0x01,
  recursionAvailable: 0x80,
  checkingDisabled: 0x10,
} as const;

/** Where things are in a query; offsets are into its buffer. One object is filled again for each query, so that a query costs no garbage. */
export interface Query {
  start: number;
  end: number;
  /** After the question; 0 when it could not be read. */
  questionEnd: number;
  type: number;
  class: number;
  /** Of the name in lower case and the type. */
  hash: number;
  /** Labels of the name, without the root. */
  labels: number;
  edns: boolean;
  ednsVersion: number;
  ednsOptions: boolean;
  dnssecOk: boolean;
  /** What the client takes over UDP. */
  udpBytes: number;
}

export function newQuery(): Query {
  return {
    start: 0,
    end: 0,
    questionEnd: 0,
    type: 0,
    class: 0,
    hash: 0,
    labels: 0,
    edns: false,
    ednsVersion: 0,
    ednsOptions: false,
    dnssecOk: false,
    udpBytes: PLAIN_UDP_BYTES,
  };
}

/** A byte that is known to be inside the buffer. */
export function u8(buffer: Uint8Array, at: number): number {
  return buffer[at] as number;
}

export function u16(buffer: Uint8Array, at: number): number {
  return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
}

export function u32(buffer: Uint8Array, at: number): number {
  return u16(buffer, at) * 0x10000 + u16(buffer, at + 2);
}

export function setU16(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 8;
  buffer[at + 1] = value;
}

export function setU32(buffer: Uint8Array, at: number, value: number): void {
  setU16(buffer, at, value >>> 16);
  setU16(buffer, at + 2, value & 0xffff);
}

/** ASCII only [RFC 4343 3]; length bytes are below 64 and stay what they are, so a whole name may go through it. */
export function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/**
 * Reads `length` bytes at `start` into `query`.
 * @returns RCODE.noError, the rcode to refuse it with, or IGNORE. Never throws.
 */
export function readQuery(buffer: Uint8Array, start: number, length: number, query: Query): number {
  query.start = start;
  query.end = start + length;
  query.questionEnd = 0;
  query.edns = false;
  query.ednsOptions = false;
  query.dnssecOk = false;
  query.udpBytes = PLAIN_UDP_BYTES;
  if (length < HEADER_BYTES || u8(buffer, start + 2) & FLAG.response) return IGNORE;
  if (u8(buffer, start + 2) & FLAG.opcode) return RCODE.notImp;
  if (u16(buffer, start + 4) !== 1 || !readQuestion(buffer, query)) return RCODE.formErr;
  const records = u16(buffer, start + 6) + u16(buffer, start + 8) + u16(buffer, start + 10);
  if (records > 0 && !readRecords(buffer, query, records)) return RCODE.formErr;
  return query.ednsVersion > 0 && query.edns ? RCODE.badVers : RCODE.noError;
}

/** The first name has nothing before it to point to, so a compression pointer in it is an error. FNV-1a is the hash. */
function readQuestion(buffer: Uint8Array, query: Query): boolean {
  const first = query.start + HEADER_BYTES;
  const end = query.end;
  let at = first;
  let hash = 0x811c9dc5;
  let labels = 0;
  for (;;) {
    if (at >= end) return false;
    const length = u8(buffer, at);
    if (length > 63 || at + 1 + length > end) return false;
    hash = Math.imul(hash ^ length, 0x01000193);
    at++;
    if (length === 0) break;
    labels++;
    for (const stop = at + length; at < stop; at++) hash = Math.imul(hash ^ lower(u8(buffer, at)), 0x01000193);
  }
  if (at + 4 > end || at - first > MAX_NAME_BYTES) return false;
  query.type = u16(buffer, at);
  query.class = u16(buffer, at + 2);
  query.hash = Math.imul(hash ^ query.type, 0x01000193);
  query.labels = labels;
  query.questionEnd = at + 4;
  return true;
}

/** Looks for the OPT record. Each record takes 11 bytes or more, so lying counts end at the end of the message. */
function readRecords(buffer: Uint8Array, query: Query, count: number): boolean {
  let at = query.questionEnd;
  for (let i = 0; i < count; i++) {
    const next = skipRecord(buffer, at, query.end);
    if (next === undefined) return false;
    if (u8(buffer, at) === 0 && u16(buffer, at + 1) === TYPE.opt) {
      if (query.edns) return false;
      query.edns = true;
      query.udpBytes = Math.max(PLAIN_UDP_BYTES, u16(buffer, at + 3));
      query.ednsVersion = u8(buffer, at + 6);
      query.dnssecOk = (u8(buffer, at + 7) & 0x80) !== 0;
      query.ednsOptions = u16(buffer, at + 9) > 0;
    }
    at = next;
  }
  return true;
}

/** @returns the offset after the record at `at`, undefined when it does not end before `end`. */
export function skipRecord(buffer: Uint8Array, at: number, end: number): number | undefined {
  const fixed = skipName(buffer, at, end);
  if (fixed === undefined || fixed + 10 > end) return undefined;
  const next = fixed + 10 + u16(buffer, fixed + 8);
  return next > end ? undefined : next;
}

/** @returns the offset after the name at `at`; a pointer ends a name and is not followed. */
export function skipName(buffer: Uint8Array, at: number, end: number): number | undefined {
  while (at < end) {
    const length = u8(buffer, at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2 <= end ? at + 2 : undefined;
    if (length > 63) return undefined;
    at += 1 + length;
  }
  return undefined;
}
