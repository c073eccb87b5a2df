import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { NetError } from "../../model/errors.ts";
import type { Catalog } from "./catalog.ts";
import { parseImageConfig } from "./image-config.ts";
import type { Layer } from "./layer-archive.ts";
import type { Layers } from "./layers.ts";
import { type ArchivedImage, archivedImages } from "./load-manifest.ts";
import { familiar, type Reference } from "./reference.ts";
import { type Spool, spoolArchive } from "./spool.ts";

interface Loaded {
  id: string;
  config: string;
  layers: Layer[];
  references: Reference[];
}

/** `docker load`: all images of the archive are there at the end, or none. */
export async function* loadImages(tar: Readable, { catalog, layers }: { catalog: Catalog; layers: Layers }): AsyncGenerator<string> {
  const folder = layers.temporary();
  const held: string[] = [];
  try {
    const spool = await spoolArchive(tar, folder);
    const images: Loaded[] = [];
    for (const archived of await archivedImages(spool)) images.push(await loadImage(archived, spool, layers, held));
    await layers.sync();
    yield* catalog.transaction(() => images.flatMap((image) => record(image, catalog)));
  } finally {
    await layers.release(held);
    await layers.discard(folder);
  }
}

/** Every layer that is taken is written down in `held`, also when this throws. */
async function loadImage(archived: ArchivedImage, spool: Spool, layers: Layers, held: string[]): Promise<Loaded> {
  const text = await spool.text(archived.config);
  const id = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  if (archived.id !== undefined && archived.id !== id) {
    throw new NetError("invalid", `invalid archive: the digest of ${archived.config} is ${id}`);
  }
  const diffIds = parseImageConfig(text).rootfs.diff_ids ?? [];
  if (diffIds.length !== archived.layers.length) {
    throw new NetError("invalid", `invalid manifest, layers length mismatch: expected ${archived.layers.length}, got ${diffIds.length}`);
  }
  const taken: Layer[] = [];
  for (const [i, diffId] of diffIds.entries()) {
    const layer = layers.hold(diffId) ?? (await layers.add(spool.open(archived.layers[i] ?? "")));
    held.push(layer.id);
    if (layer.id !== diffId) throw new NetError("invalid", `invalid diffID for layer ${i}: expected "${diffId}", got "${layer.id}"`);
    taken.push(layer);
  }
  return { id, config: text, layers: taken, references: archived.references };
}

function record({ id, config, layers, references }: Loaded, catalog: Catalog): string[] {
  catalog.add({ id, config, layers });
  if (references.length === 0) return [`Loaded image ID: ${id}`];
  return references.flatMap((reference) => {
    const name = familiar(reference);
    const before = catalog.tag(reference, id);
    const renamed =
      before === undefined ? [] : [`The image ${name} already exists, renaming the old one with ID ${before} to empty string`];
    return [...renamed, `Loaded image: ${name}`];
  });
}
