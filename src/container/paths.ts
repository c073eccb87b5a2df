import { join } from "node:path";
import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";

/** Where everything of a container lies. */
export interface Paths {
  /** Kept over reboots: upper layer, log. */
  dir(id: Id): string;
  /** hosts, resolv.conf, hostname: written again at every start, so on the file system that forgets, which is the faster one. */
  files(id: Id): string;
  upper(id: Id): string;
  work(id: Id): string;
  rootfs(id: Id): string;
  log(id: Id): string;
  volume(name: string): string;
  volumes: string;
  /** Of one run, gone with a reboot: config.json, conmon's sockets and pid files. */
  bundle(id: Id): string;
  bundles: string;
  exec(id: Id, execId: Id): string;
  /** One file per ended container, its name is the id, its text the exit code. */
  exits: string;
  /** The runtime's own state. */
  runtimeRoot: string;
  /** Short names for layers, for mounts with very many of them. */
  layerLinks: string;
  /** For the runtime's terminal socket, whose path the kernel cuts at 107 bytes. */
  temporary: string;
}

const TEMPORARY_MAX_BYTES = 80;

/** @throws invalid for roots whose names overlayfs or conmon would take apart. */
export function pathsBelow(dataRoot: string, execRoot: string): Paths {
  for (const root of [dataRoot, execRoot]) {
    if (!root.startsWith("/") || /[:,\\\s]/.test(root)) {
      throw new NetError("invalid", `invalid root folder: ${root}`, {
        hint: "an absolute path without colons, commas, backslashes and spaces",
      });
    }
  }
  if (Buffer.byteLength(execRoot) > TEMPORARY_MAX_BYTES) {
    throw new NetError("invalid", `the exec root is too long for unix sockets: ${execRoot}`, {
      hint: `at most ${TEMPORARY_MAX_BYTES} bytes`,
    });
  }
  const dir = (id: Id) => join(dataRoot, "containers", id);
  const bundles = join(execRoot, "containers");
  return {
    dir,
    upper: (id) => join(dir(id), "upper"),
    work: (id) => join(dir(id), "work"),
    rootfs: (id) => join(dir(id), "rootfs"),
    log: (id) => join(dir(id), "container.log"),
    volume: (name) => join(dataRoot, "volumes", name, "_data"),
    volumes: join(dataRoot, "volumes"),
    bundle: (id) => join(bundles, id),
    bundles,
    exec: (id, execId) => join(bundles, id, "exec", execId),
    files: (id) => join(execRoot, "files", id),
    exits: join(execRoot, "exits"),
    runtimeRoot: join(execRoot, "runc"),
    layerLinks: join(execRoot, "layers"),
    temporary: execRoot,
  };
}
