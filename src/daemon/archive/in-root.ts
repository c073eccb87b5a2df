import { constants } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";
import { NetError } from "../../model/errors.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;
/** [fcntl-linux.h]; Node does not name it. */
const O_PATH = 0o10000000;
/** As the kernel's own limit. [path_resolution(7)] */
const LINKS_MAX = 40;

/** A name in an opened folder: its path is safe to use as long as nothing follows the name itself. */
export interface Place {
  folder: FileHandle;
  /** `.` for the folder itself. */
  name: string;
  /** What the kernel is given: it leads through the opened folder, wherever that is moved meanwhile. */
  path: string;
  close(): Promise<void>;
}

/**
 * Finds a path as a process inside `root` would. Every step is made from an opened folder and never through a link of the kernel's
 * following, so that nobody inside can lead us out, not even while we walk. The last name need not exist.
 * @throws ENOENT, ENOTDIR of the kernel for a folder on the way.
 */
export async function findInRoot(root: string, path: string, options: { followLast: boolean }): Promise<Place> {
  const folders = [await open(root, O_PATH | O_DIRECTORY)];
  const closeAll = async (handles: FileHandle[]) => {
    for (const handle of handles) await handle.close();
  };
  try {
    const name = await walk(folders, path.split("/").filter(isStep), options.followLast);
    const folder = folders.pop() as FileHandle;
    await closeAll(folders);
    return { folder, name, path: `${pathOf(folder)}/${name}`, close: () => folder.close() };
  } catch (error) {
    await closeAll(folders);
    throw error;
  }
}

/** A folder in an opened folder, never through a link. */
export function openFolder(path: string): Promise<FileHandle> {
  return open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

export function pathOf(folder: FileHandle): string {
  return `/proc/self/fd/${folder.fd}`;
}

/** Opens folder after folder; what is left is the name in the last one. */
async function walk(folders: FileHandle[], todo: string[], followLast: boolean): Promise<string> {
  const here = () => pathOf(folders.at(-1) as FileHandle);
  for (let links = 0; ; ) {
    const name = todo.shift();
    if (name === undefined) return ".";
    if (name === "..") {
      // The root is its own parent.
      if (folders.length > 1) await folders.pop()?.close();
      continue;
    }
    const last = todo.length === 0;
    const target = last && !followLast ? undefined : await linkTarget(`${here()}/${name}`, last);
    if (target !== undefined) {
      if (++links > LINKS_MAX) throw new NetError("invalid", "too many levels of symbolic links");
      if (target.startsWith("/")) for (const folder of folders.splice(1)) await folder.close();
      todo.unshift(...target.split("/").filter(isStep));
    } else if (last) {
      return name;
    } else {
      folders.push(await openFolder(`${here()}/${name}`));
    }
  }
}

function isStep(part: string): boolean {
  return part !== "" && part !== ".";
}

/** @returns undefined for what is no link; absence matters only on the way. */
async function linkTarget(path: string, last: boolean): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EINVAL" || (last && code === "ENOENT")) return undefined;
    throw error;
  }
}
