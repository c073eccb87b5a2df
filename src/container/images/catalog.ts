import { NetError } from "../../model/errors.ts";
import type { Store } from "../../model/store.ts";
import type { Image } from "../types.ts";
import { parseImageConfig } from "./image-config.ts";
import type { Layer } from "./layer-archive.ts";
import { canonical, familiar, parseReference, type Reference, withDefaultTag } from "./reference.ts";

/** What is stored of an image; everything else is read out of its configuration. */
export interface ImageRow {
  /** `sha256:` and the digest of `config`. */
  id: string;
  /** The configuration's exact text. */
  config: string;
  layers: Layer[];
  /** RFC 3339; `0001-01-01T00:00:00Z` for never. */
  lastTagTime: string;
}

interface TagRow {
  /** The reference in full: `docker.io/library/alpine:latest`. */
  id: string;
  imageId: string;
}

const NEVER = "0001-01-01T00:00:00Z";

/** Which images there are and what they are called. */
export interface Catalog {
  images(): readonly Image[];
  /** @throws notFound `No such image: X:latest`, invalid for a bad reference. */
  find(ref: string): Image;
  /** As find; with the name when it was found by one, and not by its id. */
  meant(ref: string): { image: Image; reference?: Reference };
  /** Its references, oldest first. */
  references(imageId: string): Reference[];
  /** The tags of one repository. */
  tagsOf(repository: Reference): { reference: Reference; imageId: string }[];
  row(imageId: string): ImageRow;
  layer(layerId: string): Layer | undefined;
  /** Keeps the row of an image that is here already. */
  add(image: Omit<ImageRow, "lastTagTime">): void;
  /** @returns the id of the image that had the name before. */
  tag(reference: Reference, imageId: string): string | undefined;
  untag(reference: Reference): void;
  delete(imageId: string): void;
  transaction<R>(body: () => R): R;
}

export function openCatalog(store: Store): Catalog {
  const images = store.table<ImageRow>("images");
  const tags = store.table<TagRow>("image_tags");

  return {
    images: () => images.all().map(view),
    find: (ref) => meant(ref).image,
    meant,
    references,
    tagsOf: ({ domain, path }) =>
      tags
        .all()
        .map(({ id, imageId }) => ({ reference: parseReference(id), imageId }))
        .filter(({ reference }) => reference.domain === domain && reference.path === path),
    row,

    layer(layerId) {
      for (const image of images.all()) {
        const layer = image.layers.find(({ id }) => id === layerId);
        if (layer !== undefined) return layer;
      }
      return undefined;
    },

    add(image) {
      if (images.get(image.id) === undefined) images.put({ ...image, lastTagTime: NEVER });
    },

    tag(reference, imageId) {
      const id = canonical(reference);
      const before = tags.get(id)?.imageId;
      tags.put({ id, imageId });
      images.put({ ...row(imageId), lastTagTime: new Date().toISOString() });
      return before === imageId ? undefined : before;
    },

    untag: (reference) => tags.delete(canonical(reference)),
    delete: (imageId) => images.delete(imageId),
    transaction: (body) => store.transaction(body),
  };

  function row(imageId: string): ImageRow {
    const found = images.get(imageId);
    if (found === undefined) throw new NetError("notFound", `No such image: ${imageId}`);
    return found;
  }

  function meant(ref: string): { image: Image; reference?: Reference } {
    const exact = images.get(ref) ?? images.get(`sha256:${ref}`);
    if (exact !== undefined) return { image: view(exact) };
    const digits = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(ref)?.[1];
    // `sha256:ab` could be a name with a tag, but no name may be that of an algorithm; 64 digits may be no name either.
    const canBeName = !ref.startsWith("sha256:") && digits?.length !== 64;
    const reference = canBeName ? withDefaultTag(parseReference(ref)) : undefined;
    const named = reference === undefined ? undefined : tags.get(canonical(reference));
    if (reference !== undefined && named !== undefined) return { image: view(row(named.imageId)), reference };
    const prefixed = digits === undefined ? [] : images.all().filter(({ id }) => id.startsWith(`sha256:${digits}`));
    const [only] = prefixed;
    if (only !== undefined && prefixed.length === 1) return { image: view(only) };
    const hint = prefixed.length > 1 ? { hint: `${prefixed.length} image ids begin with ${digits}` } : {};
    throw new NetError("notFound", `No such image: ${reference === undefined ? ref : familiar(reference)}`, hint);
  }

  function references(imageId: string): Reference[] {
    return tags
      .all()
      .filter((tag) => tag.imageId === imageId)
      .map(({ id }) => parseReference(id));
  }

  function view(image: ImageRow): Image {
    const config = parseImageConfig(image.config);
    const createdAt = config.created ?? NEVER;
    return {
      id: image.id,
      repoTags: references(image.id).map(familiar),
      created: Math.max(0, Math.floor(Date.parse(createdAt) / 1000)) || 0,
      createdAt,
      size: image.layers.reduce((sum, { size }) => sum + size, 0),
      labels: config.config?.Labels ?? null,
      comment: config.comment ?? "",
      author: config.author ?? "",
      architecture: config.architecture,
      os: config.os,
      layers: image.layers.map(({ id }) => id),
      config: (config.config ?? {}) as Image["config"],
      history: historyOf(config, image.layers),
      lastTagTime: image.lastTagTime,
    };
  }
}

/** Steps in their order, oldest first; one for each layer when the configuration tells none. */
function historyOf(config: ReturnType<typeof parseImageConfig>, layers: readonly Layer[]): Image["history"] {
  const steps = config.history ?? layers.map(() => ({}) as NonNullable<typeof config.history>[number]);
  let at = 0;
  return steps.map((step) => {
    const empty = step.empty_layer ?? false;
    return {
      createdAt: step.created ?? config.created ?? NEVER,
      createdBy: step.created_by ?? "",
      comment: step.comment ?? "",
      size: empty ? 0 : (layers[at++]?.size ?? 0),
      empty,
    };
  });
}
