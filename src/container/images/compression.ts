import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { NetError } from "../../model/errors.ts";

interface Format {
  name: string;
  magic: readonly number[];
  /** Absent where Node has none. */
  decompress?: () => Transform;
}

const FORMATS: readonly Format[] = [
  { name: "gzip", magic: [0x1f, 0x8b, 0x08], decompress: () => createGunzip({ chunkSize: CHUNK_BYTES }) },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], decompress: () => createZstdDecompress({ chunkSize: CHUNK_BYTES }) },
  { name: "xz", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: "bzip2", magic: [0x42, 0x5a, 0x68] },
];
/** Each chunk is a visit to a thread: the 16 KiB that Node takes by default would be many. */
const CHUNK_BYTES = 256 * 1024;
const MAGIC_MAX = 6;

/**
 * The plain bytes of what may be compressed, told by its first bytes. Destroying the result destroys the source.
 * @throws unsupported for a format that Node cannot read, invalid `unexpected EOF` for an empty source.
 */
export async function decompressed(source: Readable): Promise<Readable> {
  const chunks: AsyncIterator<Buffer> = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_MAX) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  if (head.length === 0) throw new NetError("invalid", "unexpected EOF", { hint: "the archive is empty" });
  const format = FORMATS.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
  if (format !== undefined && format.decompress === undefined) {
    source.destroy();
    throw new NetError("unsupported", `cannot read ${format.name} compression`, {
      hint: `decompress it before: ${format.name} -dc FILE | ...`,
    });
  }
  const whole = Readable.from(rejoined(head, chunks), { objectMode: false });
  if (format?.decompress === undefined) return whole;
  // The callback is called for every end; failures reach the reader as the error of the last stream.
  return pipeline(whole, format.decompress(), () => {});
}

async function* rejoined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
