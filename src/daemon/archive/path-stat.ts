import type { Stats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { posix } from "node:path";
import { goTime } from "../go-time.ts";
import type { Place } from "./in-root.ts";

/** What `X-Docker-Container-Path-Stat` tells. */
export interface PathStat {
  name: string;
  size: number;
  /** As Go's os.FileMode has it: kinds in the upper bits, permissions in the lower nine. */
  mode: number;
  mtime: string;
  /** Where a link leads inside the container; empty for all else. */
  linkTarget: string;
}

/** @throws ENOENT of the kernel */
export async function statPlace(place: Place, path: string): Promise<{ stats: Stats; view: PathStat }> {
  const stats = await lstat(place.path);
  const clean = posix.resolve("/", path);
  const target = stats.isSymbolicLink() ? posix.resolve(posix.dirname(clean), await readlink(place.path)) : "";
  const view = {
    name: posix.basename(clean) || "/",
    size: stats.size,
    mode: goMode(stats),
    mtime: goTime((await lstat(place.path, { bigint: true })).mtimeNs),
    linkTarget: target,
  };
  return { stats, view };
}

/** [io/fs.FileMode] */
export function goMode(stats: Stats): number {
  const bits: [boolean, number][] = [
    [stats.isDirectory(), 31],
    [stats.isSymbolicLink(), 27],
    [stats.isBlockDevice() || stats.isCharacterDevice(), 26],
    [stats.isFIFO(), 25],
    [stats.isSocket(), 24],
    [(stats.mode & 0o4000) !== 0, 23],
    [(stats.mode & 0o2000) !== 0, 22],
    [stats.isCharacterDevice(), 21],
    [(stats.mode & 0o1000) !== 0, 20],
  ];
  return bits.reduce((mode, [on, bit]) => (on ? mode + 2 ** bit : mode), stats.mode & 0o777);
}
