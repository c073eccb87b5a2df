import { once } from "node:events";
import type { Writable } from "node:stream";
import { NetError } from "../model/errors.ts";

const HEADER = 8;

/**
 * Sends each frame of a multiplexed stream where it belongs, as fast as the slower end takes it. A frame is one byte for the stream (1 stdout,
 * 2 stderr, 3 an error of the daemon), three zero bytes, the length of the payload in four bytes (network order), the payload.
 * @throws internal for bytes that are no frame, and for a stream that ends within one
 */
export async function demultiplex(source: AsyncIterable<Buffer>, stdout: Writable, stderr: Writable): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < HEADER) break;
      const end = HEADER + rest.readUInt32BE(4);
      if (rest[0] === undefined || rest[0] > 3 || rest.readUIntBE(1, 3) !== 0)
        throw new NetError("internal", "the daemon's stream is not in frames");
      if (rest.length < end) break;
      await write(rest[0] === 1 ? stdout : stderr, rest.subarray(HEADER, end));
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new NetError("internal", "the daemon's stream ended in the middle of a frame");
}

/** Terminal output: all of it is stdout. */
export async function copy(source: AsyncIterable<Buffer>, stdout: Writable): Promise<void> {
  for await (const chunk of source) await write(stdout, chunk);
}

/** Waits where the reader is slower than we are. */
export async function write(to: Writable, data: Uint8Array | string): Promise<void> {
  if (data.length > 0 && !to.write(data)) await once(to, "drain");
}
