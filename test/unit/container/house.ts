import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openContainers } from "../../../src/container/index.ts";
import type { Container, ContainerConfig, Containers, HostConfig, Images, Placement, Session } from "../../../src/container/types.ts";
import { NetError } from "../../../src/model/errors.ts";
import type { Store } from "../../../src/model/store.ts";
import { memoryStore } from "../../../src/store/memory.ts";

/** A machine for one test: roots of its own, an image with busybox, a network namespace, rooms that may be closed and opened again. */
export interface House {
  containers: Containers;
  store: Store;
  root: string;
  dataRoot: string;
  execRoot: string;
  layer: string;
  placement: Placement;
  /** What the room logged as errors. */
  complaints: string[];
  /** As after a kill of the daemon: the old room is closed, a new one is opened on the same roots. */
  reopen(): Promise<Containers>;
  make(cmd: string[], config?: Partial<ContainerConfig>, hostConfig?: Partial<HostConfig>): Promise<Container>;
  /** create and start. */
  run(cmd: string[], config?: Partial<ContainerConfig>, hostConfig?: Partial<HostConfig>): Promise<Container>;
  state(container: Container): Container["state"];
  /** Stops and removes everything, and says what is left on the machine. */
  tearDown(): Promise<string[]>;
}

export const BUSYBOX = "/bin/busybox";

let houses = 0;

/** Where `ip netns exec` finds it; but `ip netns add` would also leave a mount on the folder for ever. */
function pin(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "", { flag: "wx" });
  execFileSync("unshare", [`--net=${path}`, "ip", "link", "set", "lo", "up"]);
}

function unpin(path: string): void {
  execFileSync("umount", [path]);
  rmSync(path);
  if (readdirSync(dirname(path)).length === 0) rmdirSync(dirname(path));
}

export async function openHouse(): Promise<House> {
  const root = mkdtempSync(join(tmpdir(), "nlc-"));
  const layer = join(root, "layer");
  makeLayer(layer);
  const netns = `nlc-${process.pid}-${++houses}`;
  pin(`/run/netns/${netns}`);
  const placement = {
    netns: `/run/netns/${netns}`,
    hosts: join(root, "hosts"),
    resolvConf: join(root, "resolv.conf"),
    hostname: join(root, "hostname"),
  };
  writeFileSync(placement.hosts, "127.0.0.1 localhost\n");
  writeFileSync(placement.resolvConf, "nameserver 127.0.0.11\n");
  writeFileSync(placement.hostname, "box\n");
  const complaints: string[] = [];
  const store = memoryStore();
  const dataRoot = join(root, "data");
  const execRoot = join(root, "exec");
  const open = () => openContainers({ dataRoot, execRoot, store, images: oneImage(layer), log: logTo(complaints) });
  let containers = await open();
  let count = 0;

  const house: House = {
    get containers() {
      return containers;
    },
    store,
    root,
    dataRoot,
    execRoot,
    layer,
    placement,
    complaints,
    async reopen() {
      await containers.close();
      containers = await open();
      await containers.restore();
      return containers;
    },
    async make(cmd, config = {}, hostConfig = {}) {
      const { container } = await containers.create({ name: `c${++count}`, config: { Image: "busybox", Cmd: cmd, ...config }, hostConfig });
      return container;
    },
    async run(cmd, config, hostConfig) {
      const container = await house.make(cmd, config, hostConfig);
      await containers.start(container.id, placement);
      return container;
    },
    state: (container) => containers.find(container.id).state,
    async tearDown() {
      const ids = containers.all().map(({ id }) => id);
      for (const id of ids) {
        await containers.stop(id, { timeoutS: 0 });
        await containers.remove(id, { volumes: true });
      }
      await containers.close();
      unpin(`/run/netns/${netns}`);
      const left = await whatIsLeft(root, ids);
      rmSync(root, { recursive: true, force: true });
      return left;
    },
  };
  return house;
}

function makeLayer(layer: string): void {
  for (const folder of ["bin", "etc", "tmp", "root", "data"]) mkdirSync(join(layer, folder), { recursive: true });
  copyFileSync(BUSYBOX, join(layer, "bin/busybox"));
  for (const applet of execFileSync(BUSYBOX, ["--list"], { encoding: "utf8" }).split("\n")) {
    if (applet !== "" && applet !== "busybox") symlinkSync("busybox", join(layer, "bin", applet));
  }
  writeFileSync(join(layer, "etc/passwd"), "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/srv/ann:/bin/sh\n");
  writeFileSync(join(layer, "etc/group"), "root:x:0:\nann:x:1000:\nwheel:x:10:ann\n");
  writeFileSync(join(layer, "data/seed"), "from the image\n");
}

/** `Images` with one image of one layer. */
export function oneImage(layer: string): Images {
  const image = {
    ...{
      id: `sha256:${"ab".repeat(32)}`,
      repoTags: ["busybox:latest"],
      created: 0,
      size: 1000,
      labels: null,
      createdAt: "",
      comment: "",
      author: "",
    },
    ...{ architecture: "amd64", os: "linux", layers: [], history: [], lastTagTime: "" },
    config: { Env: ["FROM_IMAGE=1"], Cmd: ["sh"] } as Partial<ContainerConfig>,
  };
  const none = () => {
    throw new Error("not part of this test");
  };
  return {
    ...{ import: none, load: none, save: none, tag: none, remove: none, prune: none },
    list: () => [image],
    find(ref) {
      if (ref === "busybox" || ref === image.id) return image;
      throw new NetError("notFound", `No such image: ${ref}:latest`);
    },
    layerDirs: () => [layer],
  };
}

function logTo(complaints: string[]) {
  const nothing = () => undefined;
  const complain = (message: string, fields?: Record<string, unknown>) => void complaints.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: nothing, info: nothing, warn: complain, error: complain };
}

/** Mounts, cgroups and processes that have the test's names in them. */
async function whatIsLeft(root: string, ids: string[]): Promise<string[]> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(root));
  const cgroups = readdirSync("/sys/fs/cgroup").flatMap((name) =>
    ids.map((id) => join("/sys/fs/cgroup", name, "netloom", id)).filter(existsSync),
  );
  return [...mounts, ...cgroups, ...(await lingering(root))];
}

/** Processes may be seen for a moment after their end was told. */
async function lingering(root: string): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const left = processesOf(root);
    if (left.length === 0 || tries === 50) return left;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function processesOf(text: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => `${pid} ${commandOf(pid)}`)
    .filter((line) => line.includes(text));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Everything until the end, by stream. */
export async function readAll(session: Session): Promise<{ out: string; err: string }> {
  const text = { out: "", err: "" };
  for await (const { stream, data } of session.output) text[stream === 1 ? "out" : "err"] += data.toString();
  return text;
}

/** Reads until the text was seen; the rest stays for the next reader. @returns all that came. */
export function readerOf(session: Session): { until(text: string): Promise<string>; rest(): Promise<string> } {
  const pieces = session.output[Symbol.asyncIterator]();
  let seen = "";
  async function more(): Promise<boolean> {
    const { done, value } = await pieces.next();
    if (!done) seen += value.data.toString();
    return done !== true;
  }
  return {
    async until(text) {
      while (!seen.includes(text)) if (!(await more())) throw new Error(`ended before "${text}": ${seen}`);
      const upTo = seen.indexOf(text) + text.length;
      const taken = seen.slice(0, upTo);
      seen = seen.slice(upTo);
      return taken;
    },
    async rest() {
      while (await more());
      return seen;
    },
  };
}

export const never = new AbortController().signal;

export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 250; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it never came about: ${holds}`);
}
