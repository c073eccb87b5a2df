import { mkdir, opendir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Containers } from "../container/types.ts";
import { NetError } from "../model/errors.ts";
import { newId } from "../model/id.ts";

/** A named folder that outlives the containers that use it. */
export interface Volume {
  name: string;
  /** RFC 3339, seconds. */
  createdAt: string;
  mountpoint: string;
  labels: Record<string, string> | null;
}

export interface VolumeSpec {
  name: string;
  driver: string;
  options: Record<string, string>;
  labels: Record<string, string> | null;
}

/** Marks a volume that got its name from us. */
export const ANONYMOUS = "com.docker.volume.anonymous";

/** Volumes are folders: `<root>/<name>/_data`, and beside it `volume.json` with the labels where there are some. */
export interface Volumes {
  /** @returns the existing one when the name is taken. @throws invalid (name), notFound (driver), unsupported (options) */
  create(spec: VolumeSpec): Promise<{ volume: Volume; made: boolean }>;
  /** @throws notFound `get X: no such volume` */
  get(name: string): Promise<Volume>;
  names(): Promise<string[]>;
  list(): Promise<Volume[]>;
  /** Ids of the containers, running or not, that mount it. */
  users(name: string): string[];
  /** @throws notFound, conflict when a container uses it. */
  remove(name: string): Promise<void>;
  /** Bytes in it. */
  size(name: string): Promise<number>;
}

export function openVolumes(dataRoot: string, containers: Pick<Containers, "all" | "mounts">): Volumes {
  const root = join(dataRoot, "volumes");
  const users = (name: string) =>
    containers
      .all()
      .flatMap(({ id }) => (containers.mounts(id).some((mount) => mount.type === "volume" && mount.name === name) ? [id] : []));
  const names = () => namesIn(root);
  const get = async (name: string) => {
    const volume = isName(name) ? await readVolume(root, name) : undefined;
    if (volume === undefined) throw new NetError("notFound", `get ${name}: no such volume`);
    return volume;
  };
  return {
    users,
    names,
    get,
    async create(spec) {
      checkSpec(spec);
      const anonymous = spec.name === "";
      const name = anonymous ? newId() : spec.name;
      const present = await readVolume(root, name);
      if (present !== undefined) return { volume: present, made: false };
      await mkdir(join(root, name, "_data"), { recursive: true, mode: 0o755 });
      const labels = anonymous ? { ...spec.labels, [ANONYMOUS]: "" } : spec.labels;
      if (labels !== null) await writeWhole(join(root, name, "volume.json"), JSON.stringify({ labels }));
      return { volume: await get(name), made: true };
    },
    async list() {
      const volumes = await Promise.all((await names()).map((name) => readVolume(root, name)));
      return volumes.flatMap((volume) => volume ?? []);
    },
    async remove(name) {
      await get(name);
      const holders = users(name);
      if (holders.length > 0) throw new NetError("conflict", `remove ${name}: volume is in use - [${holders.join(", ")}]`);
      await rm(join(root, name), { recursive: true, force: true });
    },
    size: (name) => bytesIn(join(root, name, "_data")),
  };
}

function isName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);
}

function checkSpec({ name, driver, options }: VolumeSpec): void {
  if (driver !== "local" && driver !== "") {
    throw new NetError("notFound", `create ${name}: error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`);
  }
  if (name !== "" && !isName(name)) {
    const rule = `only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`;
    throw new NetError("invalid", `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, ${rule}`);
  }
  const [option] = Object.keys(options);
  if (option !== undefined) {
    throw new NetError("unsupported", `create ${name}: volume option ${JSON.stringify(option)} is not supported: a volume is a folder`, {
      hint: "mount a tmpfs with --tmpfs, or a folder of the host with --mount type=bind",
    });
  }
}

async function namesIn(root: string): Promise<string[]> {
  const entries = await absent(readdir(root, { withFileTypes: true }));
  return (entries ?? []).flatMap((entry) => (entry.isDirectory() && isName(entry.name) ? [entry.name] : [])).sort();
}

async function readVolume(root: string, name: string): Promise<Volume | undefined> {
  const mountpoint = join(root, name, "_data");
  const made = await absent(stat(mountpoint));
  if (made === undefined) return undefined;
  const text = await absent(readFile(join(root, name, "volume.json"), "utf8"));
  const labels = text === undefined ? null : (JSON.parse(text) as { labels: Record<string, string> | null }).labels;
  // A container's own volume has an id for a name and no file: nobody labelled it.
  const shown = labels ?? (/^[0-9a-f]{64}$/.test(name) ? { [ANONYMOUS]: "" } : null);
  return { name, createdAt: made.birthtime.toISOString().replace(/\.\d+Z$/, "Z"), mountpoint, labels: shown };
}

/** Whole or not at all, whatever the machine does meanwhile. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { flush: true });
  await rename(`${path}.new`, path);
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await absent(opendir(folder, { recursive: true }));
  if (entries === undefined) return 0;
  for await (const entry of entries) {
    if (!entry.isFile()) continue;
    bytes += (await absent(stat(join(entry.parentPath, entry.name))))?.size ?? 0;
  }
  return bytes;
}

/** What is there; undefined when it is not (any more). */
async function absent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
