import { isAbsolute, normalize } from "node:path";
import { NetError } from "../../model/errors.ts";
import { newId } from "../../model/id.ts";
import type { HostConfig, Mount } from "../types.ts";

/** A mount as it was asked for and is kept with the container. */
export interface PlannedMount extends Mount {
  /** mount_namespaces(7): `rprivate` unless a bind says otherwise. */
  propagation: string;
  /** A volume without a name of its own; goes on `rm -v` of the last container that has it. */
  anonymous: boolean;
  /** A new volume gets what the image has at its destination, unless this says no. */
  copyUp: boolean;
  /** tmpfs(5) options. */
  options: string[];
}

const PROPAGATIONS = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];
/** Labels of SELinux and hints for virtual machines: they mean nothing here and are accepted as everywhere. */
const IDLE_MODES = ["z", "Z", "consistent", "cached", "delegated"];
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Everything that is to be mounted, by destination from the root down. @throws invalid */
export function planMounts(host: HostConfig, imageVolumes: string[], volumeFolder: (name: string) => string): PlannedMount[] {
  const planned: PlannedMount[] = [
    ...(host.Binds ?? []).map((text) => parseBind(text, volumeFolder)),
    ...(host.Mounts ?? []).map((mount) => planMount(mount, volumeFolder)),
    ...Object.entries(host.Tmpfs ?? {}).map(([path, options]) => tmpfs(checkedDestination(path, path), options.split(",").filter(Boolean))),
  ];
  const taken = new Set<string>();
  for (const { destination } of planned) {
    if (taken.has(destination)) throw new NetError("invalid", `Duplicate mount point: ${destination}`);
    taken.add(destination);
  }
  for (const path of imageVolumes) {
    const destination = checkedDestination(path, path);
    if (!taken.has(destination)) planned.push(anonymousVolume(destination, "", volumeFolder));
    taken.add(destination);
  }
  // A folder is mounted before what is mounted inside it.
  return planned.sort((a, b) => depth(a.destination) - depth(b.destination));
}

/** `-v`: `source:destination[:modes]`, `destination` alone for an anonymous volume. */
export function parseBind(text: string, volumeFolder: (name: string) => string): PlannedMount {
  const parts = text.split(":");
  const [first = "", second, modes = ""] = parts;
  if (parts.length > 3 || first === "") throw new NetError("invalid", `invalid volume specification: '${text}'`);
  if (second === undefined) return anonymousVolume(checkedDestination(first, text), "", volumeFolder);
  const destination = checkedDestination(second, text);
  const mode = parseModes(modes, text);
  const common = { destination, rw: mode.rw, mode: modes, anonymous: false, options: [] };
  if (isAbsolute(first)) return { type: "bind", source: normalize(first), propagation: mode.propagation, copyUp: false, ...common };
  if (!VOLUME_NAME.test(first)) throw badVolumeName(first);
  return { type: "volume", name: first, source: volumeFolder(first), propagation: mode.propagation, copyUp: mode.copyUp, ...common };
}

function parseModes(modes: string, text: string): { rw: boolean; propagation: string; copyUp: boolean } {
  const result = { rw: true, propagation: "rprivate", copyUp: true };
  for (const mode of modes.split(",").filter(Boolean)) {
    if (mode === "ro") result.rw = false;
    else if (mode === "nocopy") result.copyUp = false;
    else if (PROPAGATIONS.includes(mode)) result.propagation = mode;
    else if (mode !== "rw" && !IDLE_MODES.includes(mode))
      throw new NetError("invalid", `invalid volume specification: '${text}': invalid mode: ${mode}`);
  }
  return result;
}

type MountWish = NonNullable<HostConfig["Mounts"]>[number] & {
  BindOptions?: { Propagation?: string };
  VolumeOptions?: { NoCopy?: boolean };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
};

/** `--mount`. */
function planMount(wish: MountWish, volumeFolder: (name: string) => string): PlannedMount {
  const destination = checkedDestination(wish.Target, wish.Target);
  const source = wish.Source ?? "";
  const rw = wish.ReadOnly !== true;
  if (wish.Type === "tmpfs") return { ...tmpfs(destination, tmpfsOptions(wish)), rw };
  if (wish.Type === "bind") {
    if (!isAbsolute(source))
      throw new NetError("invalid", `invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`);
    const propagation = wish.BindOptions?.Propagation || "rprivate";
    if (!PROPAGATIONS.includes(propagation))
      throw new NetError("invalid", `invalid mount config for type "bind": invalid propagation mode: ${propagation}`);
    return {
      type: "bind",
      source: normalize(source),
      destination,
      rw,
      mode: "",
      propagation,
      anonymous: false,
      copyUp: false,
      options: [],
    };
  }
  if (wish.Type !== "volume") throw new NetError("invalid", `invalid mount config for type "${wish.Type}": mount type unknown`);
  const copyUp = wish.VolumeOptions?.NoCopy !== true;
  if (source === "") return { ...anonymousVolume(destination, "z", volumeFolder), rw, copyUp };
  if (!VOLUME_NAME.test(source)) throw badVolumeName(source);
  return {
    type: "volume",
    name: source,
    source: volumeFolder(source),
    destination,
    rw,
    mode: "z",
    propagation: "rprivate",
    anonymous: false,
    copyUp,
    options: [],
  };
}

function tmpfsOptions({ TmpfsOptions }: MountWish): string[] {
  const size = TmpfsOptions?.SizeBytes;
  const mode = TmpfsOptions?.Mode;
  return [...(size ? [`size=${size}`] : []), ...(mode ? [`mode=${mode.toString(8)}`] : [])];
}

function tmpfs(destination: string, options: string[]): PlannedMount {
  return {
    type: "tmpfs",
    source: "",
    destination,
    rw: !options.includes("ro"),
    mode: "",
    propagation: "rprivate",
    anonymous: false,
    copyUp: false,
    options,
  };
}

function anonymousVolume(destination: string, mode: string, volumeFolder: (name: string) => string): PlannedMount {
  const name = newId();
  return {
    type: "volume",
    name,
    source: volumeFolder(name),
    destination,
    rw: true,
    mode,
    propagation: "rprivate",
    anonymous: true,
    copyUp: true,
    options: [],
  };
}

function checkedDestination(path: string, text: string): string {
  if (!isAbsolute(path))
    throw new NetError("invalid", `invalid volume specification: '${text}': invalid mount path: '${path}' mount path must be absolute`);
  const destination = normalize(path).replace(/(.)\/$/, "$1");
  if (destination === "/")
    throw new NetError("invalid", `invalid volume specification: '${text}': invalid specification: destination can't be '/'`);
  return destination;
}

function badVolumeName(name: string): NetError {
  const allowed = 'only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed';
  return new NetError(
    "invalid",
    `create ${name}: "${name}" includes invalid characters for a local volume name, ${allowed}. If you intended to pass a host directory, use absolute path`,
  );
}

function depth(path: string): number {
  return path.split("/").length;
}
