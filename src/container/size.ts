import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of all files below a folder, a file with several names once; `du --apparent-size` without folders. */
export async function bytesBelow(folder: string, seen = new Set<number>()): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    // Files come and go while a container runs.
    if (error.code === "ENOENT") return [];
    throw error;
  });
  let bytes = 0;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? await bytesBelow(path, seen) : await bytesOf(path, seen);
  }
  return bytes;
}

async function bytesOf(path: string, seen: Set<number>): Promise<number> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (stat === undefined || !(stat.isFile() || stat.isSymbolicLink()) || seen.has(stat.ino)) return 0;
  if (stat.nlink > 1) seen.add(stat.ino);
  return stat.size;
}
