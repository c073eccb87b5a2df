/** DNS over TCP: each message has its length in two bytes before it. [RFC 1035 4.2.2] */

/** Puts whole messages together out of a stream that is cut anywhere. */
export interface Frames {
  /** The messages that this chunk completes. @throws RangeError for one that is longer than the limit */
  push(chunk: Buffer): Buffer[];
}

export function createFrames(maxBytes: number): Frames {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const messages: Buffer[] = [];
      while (rest.length >= 2) {
        const length = rest.readUInt16BE(0);
        if (length > maxBytes) throw new RangeError(`a message of ${length} bytes, the limit is ${maxBytes}`);
        if (rest.length < 2 + length) break;
        messages.push(rest.subarray(2, 2 + length));
        rest = rest.subarray(2 + length);
      }
      return messages;
    },
  };
}

export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(2 + message.length);
  bytes.writeUInt16BE(message.length, 0);
  bytes.set(message, 2);
  return bytes;
}
