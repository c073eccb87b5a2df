import { NetError } from "../../model/errors.ts";
import type { Filters } from "../filters.ts";
import { ANONYMOUS, type Volume, type VolumeSpec } from "../volumes.ts";
import type { Stage } from "./stage.ts";
import { tellVolume } from "./tell.ts";

export async function createVolume(stage: Stage, spec: VolumeSpec): Promise<Volume> {
  const { volume, made } = await stage.volumes.create(spec);
  if (made) tellVolume(stage, "create", volume.name);
  return volume;
}

export async function removeVolume(stage: Stage, name: string): Promise<void> {
  await stage.volumes.remove(name);
  tellVolume(stage, "destroy", name);
}

/** Removes those that no container mounts: the nameless ones, or with the filter `all` named ones too. */
export async function pruneVolumes(stage: Stage, filters: Filters): Promise<{ deleted: string[]; reclaimed: number }> {
  const all = filters.flag("all") ?? false;
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const volume of await stage.volumes.list()) {
    const nameless = volume.labels !== null && Object.hasOwn(volume.labels, ANONYMOUS);
    if ((!all && !nameless) || !filters.labels(volume.labels) || stage.volumes.users(volume.name).length > 0) continue;
    const bytes = await stage.volumes.size(volume.name);
    try {
      await removeVolume(stage, volume.name);
    } catch (error) {
      // A container came to use it, or somebody was faster.
      if (error instanceof NetError && (error.code === "conflict" || error.code === "notFound")) continue;
      throw error;
    }
    deleted.push(volume.name);
    reclaimed += bytes;
  }
  stage.events.emit({ type: "volume", action: "prune", id: "", attributes: { reclaimed: String(reclaimed) } });
  return { deleted, reclaimed };
}
