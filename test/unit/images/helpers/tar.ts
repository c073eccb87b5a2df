import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract, type Header, pack } from "tar-stream";

/** A member of an archive to be made: its header, and its content when it is a file. */
export type Member = Partial<Header> & { name: string; content?: string | Buffer };

/** An archive in memory. Owners default to the one who runs the test. */
export async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const out = pack();
  for (const { content, ...header } of members) {
    out.entry({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtime: new Date(1_700_000_000_000), ...header }, content ?? "");
  }
  out.finalize();
  return buffer(out as AsyncIterable<Buffer>);
}

/** In pieces of odd sizes, as a network gives them. */
export function streamOf(bytes: Buffer, pieceBytes = 1000): Readable {
  return Readable.from(pieces(bytes, pieceBytes), { objectMode: false });
}

function* pieces(bytes: Buffer, pieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** The files of an archive by name. */
export async function filesOf(tar: Readable): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const reader = extract();
  const feeding = (async () => {
    for await (const chunk of tar) reader.write(chunk);
    reader.end(null);
  })();
  for await (const entry of reader) files.set(entry.header.name, await buffer(entry as unknown as AsyncIterable<Buffer>));
  await feeding;
  return files;
}
