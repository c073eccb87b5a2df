import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline as compose, type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import type { Log } from "../../model/log.ts";
import { readArchive } from "./archive-reader.ts";
import type { FileTools } from "./file-tools.ts";
import type { TarEntry } from "./tar-entries.ts";
import { unpackEntries } from "./unpack.ts";

/** A layer's archive as `docker save` must give it back: byte for byte, for its digest is its name. */
export interface Layer {
  /** `sha256:` and the digest of the uncompressed archive (its diff id). */
  id: string;
  /** Bytes of the files in it. */
  size: number;
  /** Bytes of the uncompressed archive. */
  tarSize: number;
}

const ARCHIVE = "layer.tar.zst";
/** Each chunk is a visit to a thread: the 16 KiB that Node takes by default would be many. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Reads an archive once, and meanwhile unpacks it to `work/diff`, keeps it compressed beside that, and computes its digest.
 * @throws invalid, unsupported, unavailable (disk full); what is in `work` then is of no use.
 */
export async function readLayer(source: Readable, work: string, given: { tools: FileTools; log: Log }): Promise<Layer> {
  const hash = createHash("sha256");
  let tarSize = 0;
  const measure = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      tarSize += chunk.length;
      done();
    },
  });
  // Level 1: on import the archive is compressed as fast as it comes.
  const compress = createZstdCompress({ chunkSize: CHUNK_BYTES, params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const keep = (signal: AbortSignal) => pipeline(compress, createWriteStream(join(work, ARCHIVE), { mode: 0o600 }), { signal });
  const unpack = (entries: AsyncGenerator<TarEntry>) => unpackEntries(entries, work, given);
  const size = await readArchive(source, unpack, { sinks: [measure, compress], beside: [keep] });
  return { id: `sha256:${hash.digest("hex")}`, size, tarSize };
}

/** The uncompressed archive of the layer that is kept in `folder`. */
export function layerArchive(folder: string): Readable {
  const decompress = createZstdDecompress({ chunkSize: CHUNK_BYTES });
  // A failure of the file is the reader's failure.
  return compose(
    createReadStream(join(folder, ARCHIVE), { highWaterMark: CHUNK_BYTES }),
    decompress,
    (error) => error && decompress.destroy(error),
  );
}
