import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { NetError } from "../../model/errors.ts";
import { readArchive } from "./archive-reader.ts";
import { stepsOf, type TarEntry } from "./tar-entries.ts";

/** The files of an archive that was put aside, by name: its table of contents may come last. */
export interface Spool {
  has(name: string): boolean;
  /** @throws invalid when there is no such file, or it is too large to be one of JSON. */
  text(name: string): Promise<string>;
  /** @throws invalid when there is no such file. */
  open(name: string): Readable;
}

const TEXT_MAX_BYTES = 16 << 20;
/** Older archives refer to a layer that they have already by a link, but never to a link through many others. */
const LINKS_MAX = 8;

/**
 * Writes the files of an archive into `folder`, under names of our own, and checks those that are called by their digest.
 * @throws invalid for a damaged archive or a wrong digest, unavailable when the disk is full.
 */
export async function spoolArchive(source: Readable, folder: string): Promise<Spool> {
  const files = new Map<string, { at: string; size: number }>();
  const links = new Map<string, string>();
  await readArchive(source, async (entries) => {
    for await (const entry of entries) {
      const name = entry.path.join("/");
      const at = join(folder, `${files.size}`);
      if (entry.kind === "file") files.set(name, { at, size: await spool(entry, at) });
      else if (entry.kind === "symlink") links.set(name, fromFolderOf(name, entry.target));
      else if (entry.kind === "link") links.set(name, stepsOf(entry.target, "hard link target").join("/"));
      entry.content.resume();
    }
  });

  return {
    has: (name) => files.has(resolve(name)),
    async text(name) {
      const { at, size } = find(name);
      if (size > TEXT_MAX_BYTES) throw new NetError("invalid", `invalid archive: ${name} is too large: ${size} bytes`);
      return readFile(at, "utf8");
    },
    open: (name) => createReadStream(find(name).at, { highWaterMark: 1 << 18 }),
  };

  function resolve(name: string): string {
    let target = name;
    for (let i = 0; i < LINKS_MAX && !files.has(target); i++) target = links.get(target) ?? target;
    return target;
  }

  function find(name: string): { at: string; size: number } {
    const file = files.get(resolve(name));
    if (file === undefined) throw new NetError("invalid", `invalid archive: does not contain ${name}`);
    return file;
  }
}

async function spool(entry: TarEntry, at: string): Promise<number> {
  const hash = createHash("sha256");
  const file = await open(at, "wx", 0o600);
  try {
    await file.writeFile(hashed(entry.content, hash));
  } finally {
    await file.close();
  }
  const name = entry.path.join("/");
  const told = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
  const digest = hash.digest("hex");
  if (told !== undefined && told !== digest) throw new NetError("invalid", `invalid archive: the digest of ${name} is sha256:${digest}`);
  return entry.size;
}

async function* hashed(content: AsyncIterable<Buffer>, hash: { update(chunk: Buffer): unknown }): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
}

/** `../abc/layer.tar` in `def/layer.tar` is `abc/layer.tar`. A link that leads out of the archive leads to no file of it. */
function fromFolderOf(name: string, target: string): string {
  return join("/", name, "..", target).slice(1);
}
