import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { NetError } from "../../model/errors.ts";
import type { OciDevice, OciDeviceRule } from "./oci.ts";

/** One `--device host:container:rwm`. */
export interface DeviceWish {
  PathOnHost: string;
  PathInContainer: string;
  CgroupPermissions: string;
}

export interface Devices {
  nodes: OciDevice[];
  rules: OciDeviceRule[];
}

/** Made by the runtime in every container: null, zero, full, random, urandom, tty, ptmx and terminals ([config-linux.md default devices]). */
const NONE: OciDeviceRule = { allow: false, access: "rwm" };
const EVERY: OciDeviceRule = { allow: true, access: "rwm" };
/** Terminals and memory files of the host, which each container has of its own. */
const OWN = ["/dev/console", "/dev/mqueue", "/dev/pts", "/dev/shm"];

/** Nodes and what the devices cgroup lets pass. @throws invalid when a path is no device. */
export function deviceNodes(wishes: DeviceWish[], privileged: boolean): Devices {
  if (privileged) return { nodes: hostDevices("/dev"), rules: [EVERY] };
  const nodes = wishes.map(({ PathOnHost, PathInContainer }) => deviceAt(PathOnHost, PathInContainer || PathOnHost));
  const rules = nodes.map(({ type, major, minor }, i) => ({
    allow: true,
    type,
    major,
    minor,
    access: wishes[i]?.CgroupPermissions || "rwm",
  }));
  return { nodes, rules: [NONE, ...rules] };
}

function deviceAt(path: string, inContainer: string): OciDevice {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice())) {
    throw new NetError("invalid", `error gathering device information while adding custom device "${path}": not a device node`);
  }
  const type = stat.isCharacterDevice() ? "c" : "b";
  return { path: inContainer, type, ...splitNumber(stat.rdev), fileMode: stat.mode & 0o777, uid: stat.uid, gid: stat.gid };
}

/** [makedev(3)]: twelve bits of major above eight of minor, and the upper minor bits above those. */
function splitNumber(rdev: number): { major: number; minor: number } {
  const number = BigInt(rdev);
  return { major: Number((number >> 8n) & 0xfffn), minor: Number((number & 0xffn) | ((number >> 12n) & 0xfff00n)) };
}

function hostDevices(folder: string): OciDevice[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry: Dirent) => {
    const path = join(folder, entry.name);
    if (OWN.includes(path)) return [];
    if (entry.isDirectory()) return hostDevices(path);
    return entry.isCharacterDevice() || entry.isBlockDevice() ? [deviceAt(path, path)] : [];
  });
}
