import type { Image } from "../../container/types.ts";
import type { Context } from "../context.ts";
import { imageUsage } from "./image.ts";
import { containerSummary } from "./summary.ts";
import { volumeView } from "./volume.ts";

/** GET /system/df; a type that was not asked for is null. */
export async function diskUsage(context: Context, asked: (type: string) => boolean): Promise<object> {
  return {
    LayersSize: asked("image") ? layersBytes(context) : 0,
    Images: asked("image") ? imagesUsage(context) : null,
    Containers: asked("container") ? await containerUsage(context) : null,
    Volumes: asked("volume") ? await volumeUsage(context) : null,
    BuildCache: asked("build-cache") ? [] : null,
  };
}

function imagesUsage({ images, containers }: Context): object[] {
  const all = images.list();
  const holders = new Map<string, number>();
  for (const [layer] of all.flatMap(layersOf)) holders.set(layer, (holders.get(layer) ?? 0) + 1);
  return all.map((image) => {
    const shared = layersOf(image).filter(([layer]) => (holders.get(layer) ?? 0) > 1);
    const users = containers.all().filter((container) => container.imageId === image.id).length;
    return imageUsage(image, { containers: users, sharedBytes: shared.reduce((sum, [, bytes]) => sum + bytes, 0) });
  });
}

/** A layer that several images have is there once. */
function layersBytes({ images }: Context): number {
  return new Map(images.list().flatMap(layersOf)).values().reduce((sum, bytes) => sum + bytes, 0);
}

/** Bytes by layer. The same files are another layer on top of others. */
function layersOf({ layers, history }: Image): [layer: string, bytes: number][] {
  const sizes = history.filter(({ empty }) => !empty).map(({ size }) => size);
  return layers.map((_, i) => [layers.slice(0, i + 1).join(), sizes[i] ?? 0]);
}

function containerUsage(context: Context): Promise<object[]> {
  const nowMs = Date.now();
  return Promise.all(
    context.containers
      .all()
      .map(async (container) => containerSummary(context, container, nowMs, await context.containers.size(container.id))),
  );
}

async function volumeUsage({ volumes }: Context): Promise<object[]> {
  const all = await volumes.list();
  return Promise.all(
    all.map(async (volume) => volumeView(volume, { users: volumes.users(volume.name).length, bytes: await volumes.size(volume.name) })),
  );
}
