import type { Readable } from "node:stream";
import type { Image } from "../../container/types.ts";
import { lives, type Stage } from "./stage.ts";

type Deed = { untagged?: string; deleted?: string };

export function tagImage(stage: Stage, ref: string, repository: string, tag: string): void {
  stage.images.tag(ref, repository, tag);
  tellImage(stage, "tag", stage.images.find(ref).id, `${repository}:${tag}`);
}

export async function importImage(
  stage: Stage,
  tar: Readable,
  options: { reference?: string; message: string; changes: string[] },
): Promise<string> {
  const id = await stage.images.import(tar, options);
  tellImage(stage, "import", id, options.reference ?? id);
  return id;
}

export async function* loadImages(stage: Stage, tar: Readable): AsyncIterable<string> {
  for await (const text of stage.images.load(tar)) {
    const reference = text.replace(/^Loaded image( ID)?: /, "");
    tellImage(stage, "load", stage.images.find(reference).id, reference);
    yield text;
  }
}

/** @throws conflict when a container uses it. */
export async function removeImage(stage: Stage, ref: string, options: { force: boolean }): Promise<Deed[]> {
  const { id } = stage.images.find(ref);
  const inUse = (imageId: string) => {
    const users = stage.containers.all().filter((container) => container.imageId === imageId);
    const first = users.find(lives) ?? users[0];
    return first === undefined ? undefined : { id: first.id, running: lives(first) };
  };
  const deeds = await stage.images.remove(ref, { ...options, inUse });
  tellDeeds(stage, id, deeds);
  return deeds;
}

/** Removes what no container uses: untagged images, or with `all` tagged ones too. */
export async function pruneImages(
  stage: Stage,
  all: boolean,
  mayGo: (image: Image) => boolean,
): Promise<{ deleted: Deed[]; reclaimed: number }> {
  const used = new Set(stage.containers.all().map((container) => container.imageId));
  const kept = new Set(stage.images.list().flatMap((image) => (mayGo(image) ? [] : [image.id])));
  const pruned = await stage.images.prune({ all, inUse: (imageId) => used.has(imageId) || kept.has(imageId) });
  tellDeeds(stage, "", pruned.deleted);
  stage.events.emit({ type: "image", action: "prune", id: "", attributes: { reclaimed: String(pruned.reclaimed) } });
  return pruned;
}

function tellDeeds(stage: Stage, id: string, deeds: readonly Deed[]): void {
  for (const { untagged, deleted } of deeds) {
    // What lost its name is told by its id.
    if (untagged !== undefined) tellImage(stage, "untag", id || untagged, id || untagged);
    if (deleted !== undefined) tellImage(stage, "delete", deleted, deleted);
  }
}

function tellImage({ events }: Stage, action: string, id: string, name: string): void {
  events.emit({ type: "image", action, id, attributes: { name } });
}
