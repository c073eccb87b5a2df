import type { Context } from "../context.ts";
import { imageSummary } from "./image.ts";
import { containerSummary } from "./summary.ts";
import { volumeView } from "./volume.ts";

/** GET /system/df; a type that was not asked for is null. */
export async function diskUsage(context: Context, asked: (type: string) => boolean): Promise<object> {
  return {
    LayersSize: asked("image") ? layersBytes(context) : 0,
    Images: asked("image") ? imageUsage(context) : null,
    Containers: asked("container") ? await containerUsage(context) : null,
    Volumes: asked("volume") ? await volumeUsage(context) : null,
    BuildCache: asked("build-cache") ? [] : null,
  };
}

function imageUsage({ images, containers }: Context): object[] {
  return images.list().map((image) => {
    const users = containers.all().filter((container) => container.imageId === image.id).length;
    return imageSummary(image, { containers: users, sharedBytes: 0 });
  });
}

/** Images that share all layers are counted once; partly shared ones count in whole, so this is an upper bound. */
function layersBytes({ images }: Context): number {
  const byLayers = new Map(images.list().map((image) => [image.layers.join(), image.size]));
  return byLayers.values().reduce((sum, bytes) => sum + bytes, 0);
}

function containerUsage(context: Context): Promise<object[]> {
  const nowMs = Date.now();
  const all = context.containers.all().map((container) => context.lifecycle.shown(container));
  return Promise.all(
    all.map(async (container) => containerSummary(context, container, nowMs, await context.containers.size(container.id))),
  );
}

async function volumeUsage({ volumes }: Context): Promise<object[]> {
  const all = await volumes.list();
  return Promise.all(
    all.map(async (volume) => volumeView(volume, { users: volumes.users(volume.name).length, bytes: await volumes.size(volume.name) })),
  );
}
