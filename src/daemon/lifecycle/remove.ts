import type { Container } from "../../container/types.ts";
import { NetError } from "../../model/errors.ts";
import type { Id } from "../../model/id.ts";
import type { Filters } from "../filters.ts";
import { nanosOf } from "../go-time.ts";
import { lives, type Stage } from "./stage.ts";
import { killForRemoval } from "./stop.ts";
import { tell, tellVolume } from "./tell.ts";

/** @throws notFound, conflict when it runs and `force` was not given. */
export async function remove(stage: Stage, ref: string, options: { force: boolean; volumes: boolean }): Promise<void> {
  const container = stage.containers.find(ref);
  if (!options.force) refuseLiving(stage, container, ref);
  stage.restarts.cancel(container.id);
  await killForRemoval(stage, container.id);
  await stage.runs.settled(container.id);
  await stage.lock(container.id, () => discard(stage, container.id, options));
}

/** Files, member and record of a container that does not run; the caller holds its lock. Absence is success: --rm may have been faster. */
export async function discard(stage: Stage, id: Id, options: { volumes: boolean }): Promise<void> {
  const container = stage.containers.get(id);
  if (container === undefined) return;
  const volumes = stage.containers.mounts(id).flatMap((mount) => (mount.type === "volume" && mount.name !== undefined ? [mount.name] : []));
  await stage.controller.close(id);
  await stage.containers.remove(id, options);
  await stage.controller.removeMember(id);
  stage.restarts.forget(id);
  tell(stage, "destroy", container);
  if (!options.volumes) return;
  const left = new Set(await stage.volumes.names());
  for (const name of volumes) if (!left.has(name)) tellVolume(stage, "destroy", name);
}

/** Removes all that do not run. @returns their ids and the bytes that this freed. */
export async function pruneContainers(stage: Stage, filters: Filters): Promise<{ deleted: Id[]; reclaimed: number }> {
  const until = filters.until();
  const deleted: Id[] = [];
  let reclaimed = 0;
  for (const container of stage.containers.all()) {
    const young = until !== undefined && (nanosOf(container.createdAt) ?? 0n) > until;
    if (busy(stage, container) || young || !filters.labels(container.config.Labels)) continue;
    const { rw } = await stage.containers.size(container.id);
    await stage.lock(container.id, async () => {
      const now = stage.containers.get(container.id);
      if (now === undefined || busy(stage, now)) return;
      await discard(stage, container.id, { volumes: false });
      deleted.push(container.id);
      reclaimed += rw;
    });
  }
  stage.events.emit({ type: "container", action: "prune", id: "", attributes: { reclaimed: String(reclaimed) } });
  return { deleted, reclaimed };
}

function busy(stage: Stage, container: Container): boolean {
  return lives(container) || stage.restarts.pending(container.id);
}

function refuseLiving(stage: Stage, { id, state }: Container, ref: string): void {
  const refuse = (why: string) => new NetError("conflict", `cannot remove container ${JSON.stringify(ref)}: ${why}`);
  if (state.status === "paused") throw refuse("container is paused and must be unpaused first");
  if (state.status === "running") throw refuse("container is running: stop the container before removing or force remove");
  if (stage.restarts.pending(id)) throw refuse("container is restarting: stop the container before removing or force remove");
}
