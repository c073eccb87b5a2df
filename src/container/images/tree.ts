import {
  chmodSync,
  closeSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  write as writeToFd,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { NetError } from "../../model/errors.ts";

export interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  mtimeS: number;
}

/**
 * Makes files below one folder, and never anywhere else: every parent is looked at without following links, and what stands at a place is
 * removed before something else is put there. Sound as long as nobody else writes in the folder, for Node has no openat(2).
 */
export interface Tree {
  directory(path: string[], attributes: Attributes): void;
  file(path: string[], attributes: Attributes, content: AsyncIterable<Buffer>): Promise<void>;
  symlink(path: string[], attributes: Attributes, target: string): void;
  hardLink(path: string[], target: string[]): void;
  /** The host's path of a place that is free now, for what the caller makes himself. */
  place(path: string[]): string;
  /** Is something there? */
  has(path: string[]): boolean;
  /** The host's path of a folder, which is made when it is missing. */
  folder(path: string[]): string;
  setAttributes(path: string, attributes: Attributes): void;
  /** Sets the times of folders, which every file made in them had changed. */
  finish(): void;
}

const FOLDER_MODE = 0o755;
const SMALL_BYTES = 16 * 1024;
const write = promisify(writeToFd);

export function treeIn(root: string): Tree {
  // Folders of ours that are known to be no links; so that each is looked at once, not once per file.
  const known = new Set<string>();
  const folderTimes = new Map<string, number>();

  return {
    directory(path, attributes) {
      const at = hostPath(path);
      if (path.length > 0) {
        folder(path.slice(0, -1));
        if (!isFolder(at)) makeFolder(place(path));
      }
      known.add(at);
      setAttributes(at, attributes);
      folderTimes.set(at, attributes.mtimeS);
    },

    async file(path, attributes, content) {
      const at = place(path);
      const fd = openSync(at, "wx", 0o600);
      try {
        for await (const chunk of content) await writeAll(fd, chunk);
      } finally {
        closeSync(fd);
      }
      setAttributes(at, attributes);
    },

    symlink(path, attributes, target) {
      if (target === "") throw new NetError("invalid", `unsafe archive: symbolic link ${path.join("/")} has no target`);
      const at = place(path);
      symlinkSync(target, at);
      lchownSync(at, attributes.uid, attributes.gid);
      lutimesSync(at, attributes.mtimeS, attributes.mtimeS);
    },

    hardLink(path, target) {
      folder(target.slice(0, -1));
      const from = hostPath(target);
      const stat = lstatSync(from, { throwIfNoEntry: false });
      if (stat === undefined || stat.isDirectory()) {
        throw new NetError(
          "invalid",
          `unsafe archive: hard link ${path.join("/")} to ${target.join("/")}, which is no file of the archive`,
        );
      }
      if (from !== hostPath(path)) linkSync(from, place(path));
    },

    place,
    has: (path) => lstatSync(join(folder(path.slice(0, -1)), path.at(-1) ?? "."), { throwIfNoEntry: false }) !== undefined,
    folder,
    setAttributes,

    finish() {
      for (const [at, mtimeS] of [...folderTimes].reverse()) lutimesSync(at, mtimeS, mtimeS);
    },
  };

  function hostPath(path: string[]): string {
    return join(root, ...path);
  }

  function place(path: string[]): string {
    if (path.length === 0) throw new NetError("invalid", "unsafe archive: its root is no folder");
    folder(path.slice(0, -1));
    const at = hostPath(path);
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat?.isDirectory()) removeFolder(at);
    else if (stat !== undefined) unlinkSync(at);
    return at;
  }

  function folder(path: string[]): string {
    let at = root;
    for (const step of path) {
      at = join(at, step);
      if (known.has(at)) continue;
      const stat = lstatSync(at, { throwIfNoEntry: false });
      if (stat === undefined) makeFolder(at);
      else if (!stat.isDirectory())
        throw new NetError("invalid", `unsafe archive: ${path.join("/")} goes through ${step}, which is no folder`);
      known.add(at);
    }
    return at;
  }

  function removeFolder(at: string): void {
    rmSync(at, { recursive: true });
    for (const path of [...known].filter((path) => path === at || path.startsWith(`${at}/`))) {
      known.delete(path);
      folderTimes.delete(path);
    }
  }
}

function isFolder(at: string): boolean {
  return lstatSync(at, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function makeFolder(at: string): void {
  mkdirSync(at);
  chmodSync(at, FOLDER_MODE);
}

/** Owner first: chown(2) takes the set-user-id bits away. The last step must not be a link. */
function setAttributes(at: string, { mode, uid, gid, mtimeS }: Attributes): void {
  lchownSync(at, uid, gid);
  chmodSync(at, mode);
  lutimesSync(at, mtimeS, mtimeS);
}

/**
 * Most files of an image are small, and for those a visit to a thread takes several times as long as the writing;
 * large ones may wait for the disk, which the event loop must not.
 */
async function writeAll(fd: number, chunk: Buffer): Promise<void> {
  let done = chunk.length <= SMALL_BYTES ? writeSync(fd, chunk) : 0;
  while (done < chunk.length) done += (await write(fd, chunk, done)).bytesWritten;
}
