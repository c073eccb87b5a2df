import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Pack, pack as tarPack } from "tar-stream";
import { messageOf } from "../../model/errors.ts";
import type { Log } from "../../model/log.ts";
import type { Catalog, ImageRow } from "./catalog.ts";
import type { Layers } from "./layers.ts";
import { canonical, familiar, familiarName, parseReference, type Reference } from "./reference.ts";

interface Saved {
  row: ImageRow;
  references: Reference[];
}

const MEDIA = {
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
} as const;

/**
 * `docker save`: an OCI layout that is a docker archive too ([OCI image-spec image-layout.md], [moby image/spec v1.2]). The layers are held
 * until the stream ends, however it ends.
 * @throws notFound before anything is streamed.
 */
export function saveImages(refs: readonly string[], { catalog, layers, log }: { catalog: Catalog; layers: Layers; log: Log }): Readable {
  const images = select(refs, catalog);
  const held = images.flatMap(({ row }) => row.layers.map(({ id }) => id));
  for (const id of held) layers.hold(id);
  const stream = Readable.from(archiveOf(images, layers), { objectMode: false });
  // Not in the generator: one that was never started has no end either.
  stream.once("close", () => {
    layers.release(held).catch((error) => log.error("layers of a saved image could not be removed", { why: messageOf(error) }));
  });
  return stream;
}

async function* archiveOf(images: readonly Saved[], layers: Layers): AsyncGenerator<Buffer> {
  const pack = tarPack();
  // Its failure destroys the pack and so comes out of the loop.
  const writing = write(pack, images, layers).catch((error) => pack.destroy(error));
  try {
    yield* pack as AsyncIterable<Buffer>;
  } finally {
    pack.destroy();
    await writing;
  }
}

/** A name without a tag means all tags of the repository; an id means the image without its names. */
function select(refs: readonly string[], catalog: Catalog): Saved[] {
  const saved = new Map<string, Saved>();
  for (const ref of refs) {
    for (const { imageId, reference } of meant(ref, catalog)) {
      const image = saved.get(imageId) ?? { row: catalog.row(imageId), references: [] };
      if (reference !== undefined && !image.references.some((other) => canonical(other) === canonical(reference))) {
        image.references.push(reference);
      }
      saved.set(imageId, image);
    }
  }
  return [...saved.values()];
}

function meant(ref: string, catalog: Catalog): { imageId: string; reference?: Reference }[] {
  const all = tagsOf(ref, catalog);
  if (all.length > 0) return all;
  const { image, reference } = catalog.meant(ref);
  return [{ imageId: image.id, ...(reference === undefined ? {} : { reference }) }];
}

/** All tags of a bare repository name; none for everything else. */
function tagsOf(ref: string, catalog: Catalog): ReturnType<Catalog["tagsOf"]> {
  if (/^sha256:|^[0-9a-f]{64}$/.test(ref)) return [];
  const reference = parseReference(ref);
  return reference.tag === undefined && reference.digest === undefined ? catalog.tagsOf(reference) : [];
}

async function write(pack: Pack, images: readonly Saved[], layers: Layers): Promise<void> {
  const written = new Set<string>();
  for (const name of ["blobs/", "blobs/sha256/"]) await entry(pack, name, undefined);
  const described: { image: Saved; manifest: Buffer }[] = [];
  for (const image of images) {
    const manifest = Buffer.from(JSON.stringify(manifestOf(image.row)));
    for (const layer of image.row.layers) {
      if (written.has(layer.id)) continue;
      written.add(layer.id);
      const sink = pack.entry({ name: blob(layer.id), size: layer.tarSize, mode: 0o644, mtime: new Date(0) });
      await pipeline(layers.archive(layer.id), sink);
    }
    await entry(pack, blob(image.row.id), Buffer.from(image.row.config));
    await entry(pack, blob(digestOf(manifest)), manifest);
    described.push({ image, manifest });
  }
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  await entry(pack, "index.json", json(indexOf(described)));
  await entry(pack, "manifest.json", json(images.map(dockerManifestOf)));
  await entry(pack, "oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  await entry(pack, "repositories", json(repositoriesOf(images)));
  pack.finalize();
}

/** A folder when there is no content. */
function entry(pack: Pack, name: string, content: Buffer | undefined): Promise<void> {
  const mtime = new Date(0);
  const header = content === undefined ? { name, type: "directory" as const, mode: 0o755, mtime } : { name, mode: 0o644, mtime };
  return new Promise((resolve, reject) => {
    pack.entry(header, content ?? Buffer.alloc(0), (error) => (error ? reject(error) : resolve()));
  });
}

function manifestOf({ id, config, layers }: ImageRow): unknown {
  return {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: { mediaType: MEDIA.config, digest: id, size: Buffer.byteLength(config) },
    layers: layers.map(descriptorOf),
  };
}

function descriptorOf({ id, tarSize }: ImageRow["layers"][number]): { mediaType: string; size: number; digest: string } {
  return { mediaType: MEDIA.layer, size: tarSize, digest: id };
}

/** A manifest for each name, and one for an image without. */
function indexOf(described: readonly { image: Saved; manifest: Buffer }[]): unknown {
  const manifests = described.flatMap(({ image, manifest }) => {
    const descriptor = { mediaType: MEDIA.manifest, digest: digestOf(manifest), size: manifest.length };
    if (image.references.length === 0) return [descriptor];
    return image.references.map((reference) => ({
      ...descriptor,
      annotations: { "io.containerd.image.name": canonical(reference), "org.opencontainers.image.ref.name": reference.tag ?? "latest" },
    }));
  });
  return { schemaVersion: 2, mediaType: MEDIA.index, manifests };
}

function dockerManifestOf({ row, references }: Saved): unknown {
  return {
    Config: blob(row.id),
    RepoTags: references.length === 0 ? null : references.map(familiar),
    Layers: row.layers.map(({ id }) => blob(id)),
    LayerSources: Object.fromEntries(row.layers.map((layer) => [layer.id, descriptorOf(layer)])),
  };
}

/** The first format of all, which old tools still read: repository -> tag -> top layer. */
function repositoriesOf(images: readonly Saved[]): unknown {
  const repositories: Record<string, Record<string, string>> = {};
  for (const { row, references } of images) {
    for (const reference of references) {
      const tag = { [reference.tag ?? "latest"]: row.layers.at(-1)?.id.slice("sha256:".length) ?? "" };
      repositories[familiarName(reference)] = { ...repositories[familiarName(reference)], ...tag };
    }
  }
  return repositories;
}

function blob(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
