import { createHash } from "node:crypto";
import { mkdir, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Mounter } from "./native-mount.ts";
import type { Paths } from "./paths.ts";
import type { Images } from "./types.ts";

/** mount(2) takes one page of options, with a byte for their end. */
const OPTIONS_MAX_BYTES = 4095;

/** The image's layers with a writable one of the container on top. */
export interface Rootfs {
  /** `mount -t overlay`. One that is left from before is taken away first. @returns the folder. */
  mount(id: Id, imageId: string): Promise<string>;
  /** `mount --bind --make-private`: what is mounted or unmounted there is nobody else's. */
  bind(source: string, target: string): Promise<void>;
  /** With all that is mounted below. Absence is success. */
  unmount(id: Id): Promise<void>;
}

export function createRootfs(paths: Paths, mounter: Mounter, images: Images): Rootfs {
  return {
    async mount(id, imageId) {
      const target = paths.rootfs(id);
      // A daemon that was killed may have left it: a second mount on top would hide the first for ever.
      await mounter.unmount(target);
      const data = await overlayOptions(images.layerDirs(imageId), paths, id);
      await mounter.mount({ type: "overlay", source: "overlay", target, data });
      return target;
    },
    async bind(source, target) {
      await mounter.mount({ type: "none", source, target, flags: ["bind"] });
      await mounter.mount({ type: "none", source: "none", target, flags: ["private"] });
    },
    unmount: (id) => mounter.unmount(paths.rootfs(id)),
  };
}

/** The folders that a mount needs; made once, by create. */
export async function makeRootfsFolders(paths: Paths, id: Id): Promise<void> {
  // 0711: whoever runs inside as nobody must be able to pass, nobody outside shall look around.
  await mkdir(paths.dir(id), { recursive: true, mode: 0o711 });
  await mkdir(paths.upper(id), { mode: 0o755 });
  await mkdir(paths.work(id), { mode: 0o700 });
  await mkdir(paths.rootfs(id), { mode: 0o755 });
}

async function overlayOptions(layers: string[], paths: Paths, id: Id): Promise<string> {
  if (layers.length === 0) throw new NetError("internal", "an image without layers cannot be mounted");
  const options = (lower: string[]) => `lowerdir=${lower.join(":")},upperdir=${paths.upper(id)},workdir=${paths.work(id)}`;
  // The kernel takes the uppermost layer first.
  const lower = layers.toReversed();
  const plain = options(lower.map(escapeOption));
  if (Buffer.byteLength(plain) <= OPTIONS_MAX_BYTES) return plain;
  await mkdir(paths.layerLinks, { recursive: true, mode: 0o700 });
  const short = options(await Promise.all(lower.map((layer) => linkTo(layer, paths.layerLinks))));
  if (Buffer.byteLength(short) > OPTIONS_MAX_BYTES)
    throw new NetError("invalid", `the image has too many layers to mount: ${layers.length}`);
  return short;
}

/** [overlayfs.rst]: a colon parts layers and a comma options. */
function escapeOption(path: string): string {
  return path.replace(/[\\:,]/g, "\\$&");
}

async function linkTo(layer: string, folder: string): Promise<string> {
  const link = join(folder, createHash("sha256").update(layer).digest("hex").slice(0, 12));
  try {
    await symlink(layer, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if ((await readlink(link)) !== layer) throw new NetError("internal", `${link} should lead to ${layer}`);
  }
  return link;
}
