import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { NetError } from "../model/errors.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** [fcntl-linux.h]; Node does not name it. */
const O_PATH = 0o10000000;
/** As the kernel's own limit ([path_resolution(7)]). */
const LINKS_MAX = 40;
const FILE_MAX_BYTES = 1 << 20;

/**
 * The text of a file as a process inside `root` would find it, or undefined when there is none.
 * Every step is made from an opened folder and never through a link, so that nobody inside can lead us out, not even while we walk.
 */
export function readInRoot(root: string, path: string): string | undefined {
  const folders = [openSync(root, O_PATH | O_DIRECTORY)];
  try {
    const name = walk(folders, path.split("/"));
    return name === undefined ? undefined : readRegular(`${self(folders)}/${name}`);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  } finally {
    for (const fd of folders) closeSync(fd);
  }
}

/**
 * Where a path inside `root` really lies, for as long as nobody inside changes links; undefined when there is nothing.
 * For a root in which no process runs yet.
 */
export function resolveInRoot(root: string, path: string): string | undefined {
  const folders = [openSync(root, O_PATH | O_DIRECTORY)];
  try {
    const name = walk(folders, path.split("/"));
    const folder = readlinkSync(self(folders));
    return name === undefined ? folder : `${folder}/${name}`;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  } finally {
    for (const fd of folders) closeSync(fd);
  }
}

/** Opens folder after folder; what is left is the name in the last one. */
function walk(folders: number[], parts: string[]): string | undefined {
  const todo = parts.filter(isStep);
  for (let links = 0; todo.length > 0; ) {
    const name = todo.shift() as string;
    if (name === "..") {
      // The root is its own parent.
      if (folders.length > 1) closeSync(folders.pop() as number);
      continue;
    }
    const target = linkTarget(`${self(folders)}/${name}`);
    if (target !== undefined) {
      if (++links > LINKS_MAX) throw new NetError("invalid", `too many levels of symbolic links: ${parts.join("/")}`);
      if (target.startsWith("/")) for (const fd of folders.splice(1)) closeSync(fd);
      todo.unshift(...target.split("/").filter(isStep));
    } else if (todo.length === 0) {
      // Nothing is followed from here on, and readlink(2) has found that it is there.
      return name;
    } else {
      folders.push(openSync(`${self(folders)}/${name}`, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    }
  }
  return undefined;
}

function isStep(part: string): boolean {
  return part !== "" && part !== ".";
}

/** The opened folder itself: the kernel's link to it cannot be exchanged under us. */
function self(folders: number[]): string {
  return `/proc/self/fd/${folders.at(-1)}`;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EINVAL") return undefined;
    throw error;
  }
}

function readRegular(path: string): string | undefined {
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return undefined;
    if (stat.size > FILE_MAX_BYTES) throw new NetError("invalid", `${path} is too large: ${stat.size} bytes`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "");
}
