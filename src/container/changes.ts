import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Change } from "./types.ts";

/** Made by the runtime as places to mount at, so not the doing of anybody inside. */
const MADE_FOR_MOUNTS = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev", "/proc", "/sys"];

/**
 * What an overlay's upper layer changes of the layers below it. A deleted file is a character device 0:0 there; a folder is in the upper
 * layer as soon as something below it is, so it counts as changed only by what was added or deleted in it, or by its owner and mode. Of a
 * folder that was deleted and made again only what is in it now is told.
 * [overlayfs.rst, whiteouts and opaque directories]
 */
export async function changesOf(upper: string, lower: readonly string[], mountPoints: readonly string[]): Promise<Change[]> {
  const hidden = new Set([...MADE_FOR_MOUNTS, ...mountPoints]);
  const { changes } = await changesIn("", { upper, lower, hidden });
  return changes;
}

interface Layers {
  upper: string;
  lower: readonly string[];
  hidden: ReadonlySet<string>;
}

/** `moved`: was something added to the folder itself, or taken from it? */
async function changesIn(folder: string, layers: Layers): Promise<{ changes: Change[]; moved: boolean }> {
  const all: Change[] = [];
  let moved = false;
  for (const name of (await readdir(join(layers.upper, folder))).sort()) {
    const path = `${folder}/${name}`;
    if (layers.hidden.has(path)) continue;
    const found = await changesAt(path, layers);
    moved ||= found.some((change) => change.path === path && change.kind !== "changed");
    all.push(...found);
  }
  return { changes: all, moved };
}

async function changesAt(path: string, layers: Layers): Promise<Change[]> {
  const now = await lstat(join(layers.upper, path));
  if (isWhiteout(now)) return [{ path, kind: "deleted" }];
  const before = await below(path, layers.lower);
  const inside = now.isDirectory() ? await changesIn(path, layers) : { changes: [], moved: false };
  if (before === undefined) return [{ path, kind: "added" }, ...inside.changes];
  const sameFolder = now.isDirectory() && before.isDirectory() && !inside.moved && sameDress(now, before);
  return sameFolder ? inside.changes : [{ path, kind: "changed" }, ...inside.changes];
}

/** As the uppermost of the lower layers that knows of it has it. */
async function below(path: string, lower: readonly string[]): Promise<Stats | undefined> {
  for (const layer of lower) {
    const stats = await lstat(join(layer, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw error;
    });
    if (stats !== undefined) return isWhiteout(stats) ? undefined : stats;
  }
  return undefined;
}

function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

function sameDress(a: Stats, b: Stats): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}
