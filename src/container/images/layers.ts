import { mkdirSync, mkdtempSync, readdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { messageOf } from "../../model/errors.ts";
import { newId } from "../../model/id.ts";
import type { Log } from "../../model/log.ts";
import type { FileTools } from "./file-tools.ts";
import { type Layer, layerArchive, readLayer } from "./layer-archive.ts";

/**
 * The folders `layers/<digest>` below the data root. A layer lives as long as an image refers to it or somebody holds it: who adds or uses one
 * holds it until the images that need it are stored.
 */
export interface Layers {
  /** Unpacks an archive; the layer is held. @throws invalid, unsupported, unavailable; nothing is kept then. */
  add(archive: Readable): Promise<Layer>;
  /** Holds a layer that is here already. */
  hold(id: string): Layer | undefined;
  /** Gives up one hold each; what nobody needs any more is deleted. @returns those. */
  release(ids: readonly string[]): Promise<Layer[]>;
  folder(id: string): string;
  archive(id: string): Readable;
  /** An empty folder of the caller's own, who discards it. */
  temporary(): string;
  discard(folder: string): Promise<void>;
  /** Returns when all layers are on the disk. */
  sync(): Promise<void>;
}

/** Names of folders that are of no use after a stop. */
const TEMPORARY = ".tmp-";

/** `referenced`: the layer as an image has it, if one does. Everything else that lies in the folder is left from a crash and is swept. */
export async function openLayers(given: {
  dataRoot: string;
  referenced: (id: string) => Layer | undefined;
  tools: FileTools;
  log: Log;
}): Promise<Layers> {
  const { referenced } = given;
  const root = join(given.dataRoot, "layers");
  // 0700: images have set-user-id programs, which must not be there for the users of this host.
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const held = new Map<string, { layer: Layer; holds: number }>();
  for (const name of readdirSync(root)) {
    if (referenced(`sha256:${name}`) === undefined) await discard(join(root, name));
  }

  return {
    async add(archive) {
      const work = temporary();
      try {
        const layer = await readLayer(archive, work, given);
        // From here to the hold nothing waits, so that nobody can delete the layer in between.
        if (!held.has(layer.id) && referenced(layer.id) === undefined) renameSync(work, folder(layer.id));
        return takeHold(layer);
      } finally {
        await discard(work);
      }
    },

    hold(id) {
      const layer = held.get(id)?.layer ?? referenced(id);
      return layer === undefined ? undefined : takeHold(layer);
    },

    async release(ids) {
      const unneeded = ids.flatMap((id) => letGo(id) ?? []);
      // Away from its name at once, so that an add in the meantime can have it.
      const trash = unneeded.map(({ id }) => ({ from: folder(id), to: join(root, `${TEMPORARY}${newId()}`) }));
      for (const { from, to } of trash) renameSync(from, to);
      for (const { to } of trash) await discard(to);
      return unneeded;
    },

    folder,
    archive: (id) => layerArchive(folder(id)),
    temporary,
    discard,
    sync: () => given.tools.syncFileSystem(root),
  };

  function folder(id: string): string {
    return join(root, id.slice(id.indexOf(":") + 1));
  }

  function temporary(): string {
    return mkdtempSync(join(root, TEMPORARY));
  }

  /** What cannot be removed now is swept at the next start. */
  async function discard(path: string): Promise<void> {
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      given.log.warn("a folder could not be removed", { path, why: messageOf(error) });
    }
  }

  function takeHold(layer: Layer): Layer {
    held.set(layer.id, { layer, holds: (held.get(layer.id)?.holds ?? 0) + 1 });
    return layer;
  }

  /** @returns the layer when this was its last use. */
  function letGo(id: string): Layer | undefined {
    const entry = held.get(id);
    if (entry === undefined) return undefined;
    if (entry.holds > 1) {
      held.set(id, { ...entry, holds: entry.holds - 1 });
      return undefined;
    }
    held.delete(id);
    return referenced(id) === undefined ? entry.layer : undefined;
  }
}
