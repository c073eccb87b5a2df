/** Announced where stdout and stderr share a stream, each piece with its header. */
export const MULTIPLEXED = "application/vnd.docker.multiplexed-stream";
/** Announced for the bytes of a terminal. */
export const RAW = "application/vnd.docker.raw-stream";

/**
 * Stream, three zeros, length in network order, payload:
 * `SS 00 00 00 LL LL LL LL` with SS 1 for stdout and 2 for stderr.
 */
export function frame(stream: 1 | 2, data: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(8 + data.length);
  bytes.writeUInt32BE(stream << 24, 0);
  bytes.writeUInt32BE(data.length, 4);
  bytes.set(data, 8);
  return bytes;
}

/** A terminal's bytes go as they are, everything else in frames. */
export function encode(tty: boolean, stream: 1 | 2, data: Buffer): Buffer {
  return tty ? data : frame(stream, data);
}
