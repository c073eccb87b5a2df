import { existsSync } from "node:fs";
import { join } from "node:path";
import { NetError } from "../../model/errors.ts";
import type { Log } from "../../model/log.ts";
import type { Store } from "../../model/store.ts";
import type { Images } from "../types.ts";
import { openCatalog } from "./catalog.ts";
import { commandFileTools, type FileTools } from "./file-tools.ts";
import { importImage } from "./import.ts";
import { openLayers } from "./layers.ts";
import { loadImages } from "./load.ts";
import { parseReference, withTag } from "./reference.ts";
import { pruneImages, removeImage } from "./remove.ts";
import { saveImages } from "./save.ts";

export { commandFileTools, type FileTools } from "./file-tools.ts";

/**
 * Opens the images below `dataRoot/layers`, with the tables `images` and `image_tags` of the store as their index: what is not in it is left
 * from a crash and is swept. `tools` are the system calls that Node has not; by default commands are run for them.
 */
export async function openImages(given: { dataRoot: string; store: Store; log: Log; tools?: FileTools }): Promise<Images> {
  const { log, tools = commandFileTools() } = given;
  const catalog = openCatalog(given.store);
  const layers = await openLayers({ dataRoot: given.dataRoot, referenced: catalog.layer, tools, log });
  const rooms = { catalog, layers, log };
  for (const { id, repoTags, layers: ids } of catalog.images()) {
    const missing = ids.filter((layerId) => !existsSync(diffOf(layerId)));
    if (missing.length > 0)
      log.error("layers of an image are missing: remove it and load it again", { image: id, tags: repoTags, missing });
  }

  return {
    import: (tar, options) => importImage(tar, options, rooms),
    load: (tar) => loadImages(tar, rooms),
    save: async (refs) => saveImages(refs, rooms),
    list: catalog.images,
    find: catalog.find,
    tag(ref, repository, tag) {
      const image = catalog.find(ref);
      const name = parseReference(repository);
      if (name.digest !== undefined) throw new NetError("invalid", "refusing to create a tag with a digest reference");
      catalog.transaction(() => catalog.tag(withTag(name, tag || (name.tag ?? "latest")), image.id));
    },
    remove: (ref, options) => removeImage(ref, options, rooms),
    prune: (options) => pruneImages(options, rooms),
    layerDirs: (imageId) => catalog.row(imageId).layers.map(({ id }) => diffOf(id)),
  };

  function diffOf(layerId: string): string {
    return join(layers.folder(layerId), "diff");
  }
}
