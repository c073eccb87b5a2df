import { constants, type Stats } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { pack as createPack, type Header, type Pack } from "tar-stream";
import { openFolder, type Place, pathOf } from "./in-root.ts";

type Headers = Partial<Header> & { name: string };

/** A file or a whole folder as a tar; the first entry has the given name. Links are packed as links. */
export function packPlace(place: Place, name: string): Pack {
  const pack = createPack();
  packInto(pack, place.path, name).then(
    () => pack.finalize(),
    (error: unknown) => pack.destroy(error as Error),
  );
  return pack;
}

/** All that is in a folder as a tar; names begin below it. */
export function packInside(place: Place): Pack {
  const pack = createPack();
  packFolder(pack, place.path, "").then(
    () => pack.finalize(),
    (error: unknown) => pack.destroy(error as Error),
  );
  return pack;
}

async function packInto(pack: Pack, path: string, name: string): Promise<void> {
  const stats = await lstat(path);
  const header = headerOf(stats, name);
  if (stats.isDirectory()) {
    await entry(pack, { ...header, name: `${name}/`, type: "directory" });
    await packFolder(pack, path, name);
  } else if (stats.isSymbolicLink()) {
    await entry(pack, { ...header, type: "symlink", linkname: await readlink(path) });
  } else if (stats.isFile()) {
    await packFile(pack, path, header);
  } else if (stats.isFIFO()) {
    await entry(pack, { ...header, type: "fifo" });
  } else if (stats.isCharacterDevice() || stats.isBlockDevice()) {
    const device = { devmajor: (stats.rdev >> 8) & 0xfff, devminor: (stats.rdev & 0xff) | ((stats.rdev >> 12) & 0xfff00) };
    await entry(pack, { ...header, ...device, type: stats.isBlockDevice() ? "block-device" : "character-device" });
  }
  // A socket cannot be archived, and nothing could be done with a copy.
}

async function packFolder(pack: Pack, path: string, name: string): Promise<void> {
  const folder = await openFolder(path);
  try {
    for (const child of await readdir(pathOf(folder))) {
      try {
        await packInto(pack, `${pathOf(folder)}/${child}`, name === "" ? child : `${name}/${child}`);
      } catch (error) {
        // Files come and go while a container runs.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  } finally {
    await folder.close();
  }
}

/** The length is what it was when the file was opened: one that grows is cut, because the header went out already. */
async function packFile(pack: Pack, path: string, header: Headers): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { size } = await file.stat();
  if (size === 0) {
    await file.close();
    return entry(pack, { ...header, size, type: "file" });
  }
  // The stream closes the file, whatever happens.
  await pipeline(file.createReadStream({ start: 0, end: size - 1 }), asNode(pack.entry({ ...header, size, type: "file" })));
}

function headerOf(stats: Stats, name: string): Headers {
  return { name, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, mtime: stats.mtime };
}

function entry(pack: Pack, header: Headers): Promise<void> {
  return new Promise((resolve, reject) => {
    pack.entry(header, "", (error) => (error ? reject(error) : resolve()));
  });
}

/** Its streams are Node's in all but their types. */
function asNode(sink: ReturnType<Pack["entry"]>): NodeJS.WritableStream {
  return sink as unknown as NodeJS.WritableStream;
}
