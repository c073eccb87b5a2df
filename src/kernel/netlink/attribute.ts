import { endianness } from "node:os";

const littleEndian = endianness() === "LE";
/** Set in an attribute's type when others are inside. [netlink.h NLA_F_NESTED] */
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

/**
 * Writes netlink messages one after the other into one growing buffer. A message is length, type, flags, sequence and port (16 bytes, host
 * order), then a fixed header, then attributes: length and type (2 bytes each, host order) and a value padded to 4. [netlink.h]
 */
export interface NetlinkWriter {
  /** One nlmsghdr with what `body` writes. */
  message(type: number, flags: number, sequence: number, body: () => void): void;
  /** Bytes as they are: the fixed header of a message. Padded to 4. */
  header(bytes: Uint8Array): void;
  /** An attribute whose value is what `body` writes. */
  nest(type: number, body: () => void): void;
  /** An attribute without a value. */
  flag(type: number): void;
  u8(type: number, value: number): void;
  /** Host order, as rtnetlink wants it. */
  u16(type: number, value: number): void;
  u32(type: number, value: number): void;
  /** Network order, as nfnetlink wants it. */
  u16be(type: number, value: number): void;
  u32be(type: number, value: number): void;
  /** With the NUL at its end. */
  text(type: number, value: string): void;
  bytes(type: number, value: Uint8Array): void;
  /** Bytes written so far. */
  readonly length: number;
  /** Everything written; a view, so write no more afterwards. */
  finish(): Buffer;
}

export function netlinkWriter(initialBytes = 1024): NetlinkWriter {
  let buffer = Buffer.alloc(initialBytes);
  let at = 0;

  /** Reserves zeroed bytes (padding must not carry old memory to the kernel) and returns where they start. */
  const reserve = (bytes: number): number => {
    const start = at;
    at += bytes;
    if (at > buffer.length) {
      const larger = Buffer.alloc(Math.max(at, buffer.length * 2));
      buffer.copy(larger, 0, 0, start);
      buffer = larger;
    }
    return start;
  };
  const put16 = (value: number, offset: number) =>
    littleEndian ? buffer.writeUInt16LE(value, offset) : buffer.writeUInt16BE(value, offset);
  const put32 = (value: number, offset: number) =>
    littleEndian ? buffer.writeUInt32LE(value, offset) : buffer.writeUInt32BE(value, offset);
  /** Attribute header and room for the value; returns where the value starts. */
  const attribute = (type: number, bytes: number): number => {
    const start = reserve(4 + ((bytes + 3) & ~3));
    put16(4 + bytes, start);
    put16(type, start + 2);
    return start + 4;
  };

  return {
    message(type, flags, sequence, body) {
      const start = reserve(16);
      body();
      put32(at - start, start);
      put16(type, start + 4);
      put16(flags, start + 6);
      put32(sequence, start + 8);
    },
    header(bytes) {
      const start = reserve((bytes.length + 3) & ~3);
      buffer.set(bytes, start);
    },
    nest(type, body) {
      const start = reserve(4);
      body();
      if (at - start > 0xffff) throw new RangeError(`netlink attribute ${type} is ${at - start} bytes long; at most 65535 fit`);
      put16(at - start, start);
      put16(type | NESTED, start + 2);
    },
    flag(type) {
      attribute(type, 0);
    },
    u8(type, value) {
      const offset = attribute(type, 1);
      buffer.writeUInt8(value, offset);
    },
    u16(type, value) {
      const offset = attribute(type, 2);
      put16(value, offset);
    },
    u32(type, value) {
      const offset = attribute(type, 4);
      put32(value, offset);
    },
    u16be(type, value) {
      const offset = attribute(type, 2);
      buffer.writeUInt16BE(value, offset);
    },
    u32be(type, value) {
      const offset = attribute(type, 4);
      buffer.writeUInt32BE(value, offset);
    },
    text(type, value) {
      const bytes = Buffer.byteLength(value);
      const offset = attribute(type, bytes + 1);
      buffer.write(value, offset);
    },
    bytes(type, value) {
      const offset = attribute(type, value.length);
      buffer.set(value, offset);
    },
    get length() {
      return at;
    },
    finish() {
      return buffer.subarray(0, at);
    },
  };
}

/** One received message; `body` is what follows the nlmsghdr. */
export interface NetlinkMessage {
  type: number;
  flags: number;
  sequence: number;
  body: Buffer;
}

/** The messages of a datagram, in order. */
export function* readMessages(bytes: Buffer): Generator<NetlinkMessage> {
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = read32(bytes, at);
    if (length < 16 || at + length > bytes.length) return;
    yield {
      type: read16(bytes, at + 4),
      flags: read16(bytes, at + 6),
      sequence: read32(bytes, at + 8),
      body: bytes.subarray(at + 16, at + length),
    };
    at += (length + 3) & ~3;
  }
}

/** The attributes in `bytes` by type; of a repeated one the last. */
export function readAttributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = read16(bytes, at);
    if (length < 4 || at + length > bytes.length) break;
    found.set(read16(bytes, at + 2) & TYPE_MASK, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

/** Host order. */
export function read16(bytes: Buffer, offset = 0): number {
  return littleEndian ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset);
}

/** Host order. */
export function read32(bytes: Buffer, offset = 0): number {
  return littleEndian ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset);
}

/** Host order, signed: error numbers. */
export function readInt32(bytes: Buffer, offset = 0): number {
  return littleEndian ? bytes.readInt32LE(offset) : bytes.readInt32BE(offset);
}

/** A number as the 4 bytes that the kernel reads in its own order. */
export function hostOrder32(value: number): Uint8Array {
  return Uint8Array.from(littleEndian ? [0, 8, 16, 24] : [24, 16, 8, 0], (shift) => (value >>> shift) & 0xff);
}
