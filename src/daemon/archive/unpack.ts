import { constants } from "node:fs";
import { chmod, lchown, link, lstat, lutimes, mkdir, open, rm, symlink } from "node:fs/promises";
import { posix } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Extract, extract, type Header } from "tar-stream";
import { messageOf, NetError } from "../../model/errors.ts";
import { findInRoot, openFolder, type Place } from "./in-root.ts";

type Entry = Extract extends AsyncIterable<infer Source> ? Source : never;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Unpacks a tar below a folder of a root. Every entry's way is found inside the root anew: a link that a process plants there leads
 * nowhere else. `keepKinds`: a folder is not replaced by a file, nor a file by a folder.
 * @throws invalid for what is not a tar and for entries that cannot be made.
 */
export async function unpackInto(root: string, folder: string, tar: Readable, options: { keepKinds: boolean }): Promise<void> {
  const entries = extract();
  // An error of either side comes out of the iteration below.
  const feeding = pipeline(tar, entries as unknown as NodeJS.WritableStream).catch((error: unknown) => entries.destroy(error as Error));
  try {
    for await (const one of entries) {
      await unpackEntry(root, folder, one, options);
      one.resume();
    }
  } catch (error) {
    if (error instanceof NetError || (error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw new NetError("invalid", `archive/tar: ${messageOf(error)}`, { cause: error });
  }
  await feeding;
}

async function unpackEntry(root: string, folder: string, one: Entry, { keepKinds }: { keepKinds: boolean }): Promise<void> {
  const { header } = one;
  // `..` in an entry's name ends at the folder that was asked for.
  const inside = posix.resolve("/", header.name);
  if (inside === "/") return;
  const place = await findInRoot(root, `${folder}${inside}`, { followLast: false });
  try {
    const present = await lstat(place.path).catch(absent);
    const isFolder = header.type === "directory";
    if (present !== undefined && keepKinds && present.isDirectory() !== isFolder) {
      const [before, after] = isFolder ? ["non-directory", "directory"] : ["directory", "non-directory"];
      throw new NetError("invalid", `cannot overwrite ${before} ${JSON.stringify(posix.join(folder, inside))} with ${after}`);
    }
    if (present !== undefined && !(isFolder && present.isDirectory())) await rm(place.path, { recursive: true, force: true });
    await make(root, folder, place, one, present?.isDirectory() === true && isFolder);
  } finally {
    await place.close();
  }
}

async function make(root: string, folder: string, place: Place, one: Entry, exists: boolean): Promise<void> {
  const { header } = one;
  switch (header.type) {
    case "directory":
      if (!exists) await mkdir(place.path);
      await dressFolder(place, header);
      break;
    case "file":
    case "contiguous-file":
      await writeFile(place, one);
      break;
    case "symlink":
      await symlink(header.linkname ?? "", place.path);
      await lchown(place.path, header.uid ?? 0, header.gid ?? 0);
      break;
    case "link":
      await hardLink(root, folder, place, header);
      return;
    default:
      throw new NetError("unsupported", `cannot copy ${header.name}: entries of type ${header.type} are not supported`);
  }
  if (header.mtime !== undefined) await lutimes(place.path, header.mtime, header.mtime);
}

async function writeFile(place: Place, one: Entry): Promise<void> {
  const { mode = 0o644, uid = 0, gid = 0 } = one.header;
  const file = await open(place.path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
  try {
    await file.writeFile(one as AsyncIterable<Buffer>);
    // The owner first: changing it takes the set-user-ID bit away.
    await file.chown(uid, gid);
    await file.chmod(mode & 0o7777);
  } finally {
    await file.close();
  }
}

async function dressFolder(place: Place, { mode = 0o755, uid = 0, gid = 0 }: Header): Promise<void> {
  await lchown(place.path, uid, gid);
  const made = await openFolder(place.path);
  try {
    // The kernel refuses fchmod on such a handle, but not through its link. [proc(5)]
    await chmod(`/proc/self/fd/${made.fd}`, mode & 0o7777);
  } finally {
    await made.close();
  }
}

/** To a file of the same archive. */
async function hardLink(root: string, folder: string, place: Place, { linkname = "" }: Header): Promise<void> {
  const target = await findInRoot(root, `${folder}${posix.resolve("/", linkname)}`, { followLast: false });
  try {
    await link(target.path, place.path);
  } finally {
    await target.close();
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
