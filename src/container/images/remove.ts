import { createHash } from "node:crypto";
import { NetError } from "../../model/errors.ts";
import { type Id, shortId } from "../../model/id.ts";
import type { Catalog } from "./catalog.ts";
import type { Layer } from "./layer-archive.ts";
import type { Layers } from "./layers.ts";
import { familiar, type Reference } from "./reference.ts";

export type Removed = { untagged?: string; deleted?: string };
type Users = (imageId: string) => { id: Id; running: boolean } | undefined;
interface Rooms {
  catalog: Catalog;
  layers: Layers;
}

/**
 * `docker rmi`: by name it takes the name away, and the image with its last name; by id it takes the image with its only name.
 * @throws notFound, conflict when a container uses it or it has names in several places, unless forced.
 */
export async function removeImage(ref: string, options: { force: boolean; inUse: Users }, rooms: Rooms): Promise<Removed[]> {
  const { catalog } = rooms;
  const { image, reference } = catalog.meant(ref);
  const references = catalog.references(image.id);
  const user = options.inUse(image.id);
  if (reference === undefined) {
    refuseById(image.id, { references, user, force: options.force });
    return discard(image.id, references, rooms);
  }
  if (references.length > 1) return untag(reference, catalog);
  if (user !== undefined && !options.force) {
    throw new NetError(
      "conflict",
      `conflict: unable to remove repository reference "${ref}" (must force) - container ${shortId(user.id)} is using its referenced image ${shown(image.id)}`,
    );
  }
  // By force the last name goes, but not the files of a container.
  return user === undefined ? discard(image.id, [reference], rooms) : untag(reference, catalog);
}

/** `docker image prune`: images without a name, or all that no container uses. */
export async function pruneImages(
  options: { all: boolean; inUse: (imageId: string) => boolean },
  rooms: Rooms,
): Promise<{ deleted: Removed[]; reclaimed: number }> {
  const { catalog } = rooms;
  const deleted: Removed[] = [];
  let reclaimed = 0;
  for (const { id, repoTags } of catalog.images()) {
    if ((!options.all && repoTags.length > 0) || options.inUse(id)) continue;
    deleted.push(...(await discard(id, catalog.references(id), rooms, (layer) => (reclaimed += layer.size))));
  }
  return { deleted, reclaimed };
}

function refuseById(imageId: string, image: { references: Reference[]; user: ReturnType<Users>; force: boolean }): void {
  const refuse = (how: string, why: string) => new NetError("conflict", `conflict: unable to delete ${shown(imageId)} (${how}) - ${why}`);
  const { references, user, force } = image;
  if (user?.running) throw refuse("cannot be forced", `image is being used by running container ${shortId(user.id)}`);
  if (force) return;
  if (references.length > 1) throw refuse("must be forced", "image is referenced in multiple repositories");
  if (user !== undefined) throw refuse("must be forced", `image is being used by stopped container ${shortId(user.id)}`);
}

function untag(reference: Reference, catalog: Catalog): Removed[] {
  catalog.untag(reference);
  return [{ untagged: familiar(reference) }];
}

/** Takes the image out of the catalog, then the layers that no other image has; `gone` is told each of them. */
async function discard(
  imageId: string,
  references: readonly Reference[],
  { catalog, layers }: Rooms,
  gone?: (layer: Layer) => void,
): Promise<Removed[]> {
  const diffIds = catalog.row(imageId).layers.map(({ id }) => id);
  for (const id of diffIds) layers.hold(id);
  let unneeded: Layer[] = [];
  try {
    catalog.transaction(() => {
      for (const reference of references) catalog.untag(reference);
      catalog.delete(imageId);
    });
  } finally {
    unneeded = await layers.release(diffIds);
  }
  for (const layer of unneeded) gone?.(layer);
  const isGone = new Set(unneeded.map(({ id }) => id));
  const chain = chainIds(diffIds).filter((_, i) => isGone.has(diffIds[i] ?? ""));
  const deleted = [imageId, ...chain.reverse()].map((id) => ({ deleted: id }));
  return [...references.map((reference) => ({ untagged: familiar(reference) })), ...deleted];
}

/** The name of a layer on top of those below it ([OCI image-spec config.md, Layer ChainID]), by which Docker tells of its removal. */
function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : `sha256:${createHash("sha256").update(`${below} ${diffId}`).digest("hex")}`);
  }
  return chain;
}

function shown(imageId: string): string {
  return shortId(imageId.slice("sha256:".length));
}
