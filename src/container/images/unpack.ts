import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf, NetError } from "../../model/errors.ts";
import type { Log } from "../../model/log.ts";
import type { FileTools } from "./file-tools.ts";
import { stepsOf, type TarEntry } from "./tar-entries.ts";
import { type Tree, treeIn } from "./tree.ts";
import { makeOpaque, whiteoutMaker, whiteoutOf } from "./whiteout.ts";

/** An archive may set these; above all it may not set `trusted.overlay.*`, with which it would steer the mount. */
const ATTRIBUTE_ALLOWED = /^(security\.capability$|user\.)/;

/**
 * Unpacks a layer's archive to `work/diff` in the form of an overlay's lower folder. `work` must be empty and nobody else's.
 * @returns the bytes of its files.
 * @throws invalid for an archive that would reach out of the folder.
 */
export async function unpackEntries(
  entries: AsyncIterable<TarEntry>,
  work: string,
  given: { tools: FileTools; log: Log },
): Promise<number> {
  const root = join(work, "diff");
  mkdirSync(root);
  const tree = treeIn(root);
  tree.setAttributes(root, { mode: 0o755, uid: 0, gid: 0, mtimeS: 0 });
  const context = { tree, hide: whiteoutMaker(work, given.tools), ...given };
  let size = 0;
  for await (const entry of entries) {
    await unpackEntry(entry, context);
    if (entry.kind === "file") size += entry.size;
    entry.content.resume();
  }
  tree.finish();
  return size;
}

interface Context {
  tree: Tree;
  hide: (at: string) => Promise<void>;
  tools: FileTools;
  log: Log;
}

async function unpackEntry(entry: TarEntry, context: Context): Promise<void> {
  const { tree, tools, hide } = context;
  const whiteout = whiteoutOf(entry.path);
  if (whiteout !== undefined) {
    if (whiteout.kind === "opaque") await makeOpaque(tree.folder(whiteout.folder), tools);
    // What the layer itself brings at this place is newer than what it hides.
    if (whiteout.kind === "hides" && !tree.has(whiteout.path)) await hide(tree.place(whiteout.path));
    return;
  }
  switch (entry.kind) {
    case "directory":
      tree.directory(entry.path, entry);
      break;
    case "file":
      await tree.file(entry.path, entry, entry.content);
      break;
    case "symlink":
      tree.symlink(entry.path, entry, entry.target);
      break;
    case "link":
      tree.hardLink(entry.path, stepsOf(entry.target, "hard link target"));
      return;
    default:
      if (!(await makeDevice(entry, entry.kind, context))) return;
  }
  await setExtended(entry, context);
}

/** @returns false where devices are not permitted: the container gets its own /dev anyway. */
async function makeDevice(
  entry: TarEntry,
  kind: "character-device" | "block-device" | "fifo",
  { tree, tools, log }: Context,
): Promise<boolean> {
  const at = tree.place(entry.path);
  try {
    await tools.makeNode(at, { kind, major: entry.major, minor: entry.minor });
  } catch (error) {
    if (!(error instanceof NetError) || error.code !== "forbidden") throw error;
    log.warn("a device of an image was left out", { path: entry.path.join("/"), why: error.message });
    return false;
  }
  tree.setAttributes(at, entry);
  return true;
}

async function setExtended(entry: TarEntry, { tree, tools, log }: Context): Promise<void> {
  for (const [name, value] of entry.attributes) {
    if (!ATTRIBUTE_ALLOWED.test(name)) continue;
    const path = entry.path.join("/");
    // The archive reader decodes values as text: bytes that were no UTF-8 are lost.
    if (value.includes("\ufffd")) {
      log.warn("an extended attribute of an image was left out: it is binary", { path, name });
      continue;
    }
    try {
      await tools.setAttribute(join(tree.folder(entry.path.slice(0, -1)), entry.path.at(-1) ?? "."), name, Buffer.from(value));
    } catch (error) {
      if (!(error instanceof NetError) || error.code !== "unsupported") throw error;
      log.warn("an extended attribute of an image was left out", { path, name, why: messageOf(error) });
    }
  }
}
