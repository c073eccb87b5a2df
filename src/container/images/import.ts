import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { NetError } from "../../model/errors.ts";
import type { Catalog } from "./catalog.ts";
import { applyChanges } from "./changes.ts";
import { importedConfig } from "./image-config.ts";
import type { Layers } from "./layers.ts";
import { parseReference, withDefaultTag } from "./reference.ts";

/** `docker import`: what can be refused without reading is refused first. */
export async function importImage(
  tar: Readable,
  options: { reference?: string; message: string; changes: string[] },
  { catalog, layers }: { catalog: Catalog; layers: Layers },
): Promise<string> {
  const reference = options.reference === undefined ? undefined : withDefaultTag(parseReference(options.reference));
  if (reference?.digest !== undefined) throw new NetError("invalid", "cannot import digest reference");
  const config = applyChanges(options.changes);
  const layer = await layers.add(tar);
  try {
    await layers.sync();
    const message = options.message === "" ? "Imported from -" : options.message;
    const text = importedConfig({ layerId: layer.id, created: new Date().toISOString(), message, config });
    const id = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    catalog.transaction(() => {
      catalog.add({ id, config: text, layers: [layer] });
      if (reference !== undefined) catalog.tag(reference, id);
    });
    return id;
  } finally {
    await layers.release([layer.id]);
  }
}
