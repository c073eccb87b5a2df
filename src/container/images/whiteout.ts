import { linkSync } from "node:fs";
import { join } from "node:path";
import { NetError } from "../../model/errors.ts";
import { codeOf } from "./failure.ts";
import type { FileTools } from "./file-tools.ts";

/** What a layer's archive says of the layers below it ([OCI image-spec layer.md, Whiteouts]). */
export type Whiteout = { kind: "hides"; path: string[] } | { kind: "opaque"; folder: string[] } | { kind: "ignored" };

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Bookkeeping of aufs, from which the format comes. */
const META = ".wh..wh.";

/** @returns undefined for a member that is none. @throws invalid for one that would hide its own folder or parent. */
export function whiteoutOf(path: string[]): Whiteout | undefined {
  const name = path.at(-1) ?? "";
  const folder = path.slice(0, -1);
  if (!name.startsWith(PREFIX)) return undefined;
  if (name === OPAQUE) return { kind: "opaque", folder };
  if (name.startsWith(META)) return { kind: "ignored" };
  const hidden = name.slice(PREFIX.length);
  if (hidden === "" || hidden === "." || hidden === "..") {
    throw new NetError("invalid", `unsafe archive: whiteout ${JSON.stringify(path.join("/"))} hides no file`);
  }
  return { kind: "hides", path: [...folder, hidden] };
}

/**
 * Makes whiteouts as overlayfs reads them ([overlayfs.rst, whiteouts and opaque directories]): a character device 0:0. One device is made in
 * `folder` and linked to every place, which spares a mknod(1) each.
 */
export function whiteoutMaker(folder: string, tools: FileTools): (at: string) => Promise<void> {
  let devices = 0;
  let device: string | undefined;
  return async (at) => {
    for (;;) {
      if (device === undefined) {
        device = join(folder, `whiteout-${devices++}`);
        await tools.makeNode(device, { kind: "character-device", major: 0, minor: 0 });
      }
      try {
        return linkSync(device, at);
      } catch (error) {
        // An inode takes only so many links: go on with another.
        if (codeOf(error) !== "EMLINK") throw error;
        device = undefined;
      }
    }
  };
}

/** Hides all that lower layers have in a folder. */
export async function makeOpaque(at: string, tools: FileTools): Promise<void> {
  await tools.setAttribute(at, "trusted.overlay.opaque", Buffer.from("y"));
}
