import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { Container, Containers, Exec, Image, Images, Session } from "../../../src/container/types.ts";
import type { Controller } from "../../../src/controller/types.ts";
import type { DaemonDeps, DaemonInfo } from "../../../src/daemon/types.ts";
import { type Cidr, type Ip, ipFrom, type Mac, toBig } from "../../../src/model/address.ts";
import type { Endpoint } from "../../../src/model/endpoint.ts";
import { NetError } from "../../../src/model/errors.ts";
import type { EventLog, NetEvent } from "../../../src/model/event.ts";
import { lookUp, newId } from "../../../src/model/id.ts";
import type { Member, Sandbox } from "../../../src/model/member.ts";
import type { Network, NetworkSpec } from "../../../src/model/network.ts";

const NEVER = "0001-01-01T00:00:00Z";
const now = () => new Date().toISOString().replace("Z", "000000Z");

/** Everything that a daemon is handed, made of memory; with handles for the test. */
export interface Fakes extends DaemonDeps {
  told: NetEvent[];
  logged: { message: string; fields: Record<string, unknown> | undefined }[];
  /** Ends a container's process. */
  exit(name: string, exitCode: number): void;
  /** The next start of a container fails with this. */
  failStart(error: Error): void;
  failOpen(error: Error): void;
  /** What a container's process reads and writes. */
  process(name: string): FakeProcess;
  lines(name: string, lines: { stream: 1 | 2; text: string }[]): void;
}

/** Both ends of a fake process' streams. */
export interface FakeProcess {
  input: Buffer[];
  inputEnded: boolean;
  emit(stream: 1 | 2, text: string): void;
  end(): void;
  session(tty: boolean): Session;
}

export function fakes(): Fakes {
  const told: NetEvent[] = [];
  const logged: Fakes["logged"] = [];
  const events = fakeEvents(told);
  const note = (message: string, fields?: Record<string, unknown>) => void logged.push({ message, fields });
  const dataRoot = mkdtempSync(join(tmpdir(), "netloom-daemon-"));
  const images = fakeImages();
  const rooms = fakeContainers(dataRoot, images);
  const net = fakeController(events);
  return {
    ...rooms,
    controller: net.controller,
    failOpen: net.failOpen,
    images,
    events,
    told,
    logged,
    info: { ...INFO, dataRoot },
    log: { debug() {}, info() {}, warn: note, error: note },
  };
}

const INFO: DaemonInfo = {
  id: "0b4b7a40-0000-4000-8000-000000000001",
  name: "loom",
  version: "0.1.0",
  gitCommit: "abc1234",
  buildTime: "2026-11-24T00:00:00Z",
  arch: "amd64",
  machine: "x86_64",
  kernelVersion: "6.18.0",
  operatingSystem: "Debian GNU/Linux 12 (bookworm)",
  cgroupVersion: "1",
  cgroupDriver: "cgroupfs",
  storageDriver: "overlay2",
  dataRoot: "",
  networkDrivers: ["null", "host", "bridge"],
  firewall: "nftables",
  addressPools: [{ base: "172.17.0.0/12", size: 16 }],
  runtime: { name: "runc", version: "1.1.5" },
  labels: [],
  debug: false,
  ipv4Forwarding: true,
  cpus: 2,
  memoryBytes: 4096,
};

function fakeEvents(told: NetEvent[]): EventLog {
  const listeners = new Set<(event: NetEvent) => void>();
  let last = 0n;
  return {
    emit(event) {
      const time = BigInt(Date.now()) * 1_000_000n;
      last = time > last ? time : last + 1n;
      const whole = { ...event, timeNano: last };
      told.push(whole);
      for (const listener of listeners) listener(whole);
    },
    since: (timeNano) => told.filter((event) => event.timeNano >= timeNano),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function predefined(name: string, driver: string, options: Record<string, string> = {}): Network {
  const bridge = driver === "bridge";
  return {
    id: newId(),
    name,
    driver,
    scope: "local",
    createdAt: now(),
    internal: false,
    attachable: false,
    enableIPv4: true,
    enableIPv6: false,
    ipamDriver: "default",
    ipamOptions: {},
    pools: bridge
      ? [
          {
            id: "p0",
            family: 4,
            subnet: "172.17.0.0/16" as Cidr,
            gateway: "172.17.0.1" as Ip,
            subnetGiven: false,
            gatewayGiven: false,
            aux: {},
          },
        ]
      : [],
    options,
    labels: {},
    predefined: true,
    state: "ready",
  };
}

function fakeController(events: EventLog): { controller: Controller; failOpen(error: Error): void } {
  const networks = new Map<string, Network>();
  const members = new Map<string, Member>();
  const sandboxes = new Map<string, Sandbox>();
  const endpoints = new Map<string, Endpoint>();
  let openError: Error | undefined;
  let subnets = 18;
  for (const network of [predefined("none", "null"), predefined("host", "host"), predefined("bridge", "bridge")])
    networks.set(network.id, network);
  const find = (ref: string) => {
    const found = lookUp("network", networks.values(), ref);
    if (found === undefined) throw new NetError("notFound", `network ${ref} not found`);
    return found;
  };
  const tell = (action: string, network: Network, attributes: Record<string, string> = {}) =>
    events.emit({ type: "network", action, id: network.id, attributes: { ...attributes, name: network.name, type: network.driver } });
  const of = (memberId: string) => [...endpoints.values()].filter((endpoint) => endpoint.memberId === memberId);
  const join = (member: Member, network: Network, wish: Member["wishes"][number]["wish"]): Endpoint => {
    const pool = network.pools[0];
    const nth = BigInt([...endpoints.values()].filter((other) => other.networkId === network.id).length + 2);
    const ipv4 = wish.ipv4 ?? (pool === undefined ? undefined : ipFrom(toBig(pool.subnet.split("/")[0] as Ip) + nth, 4));
    const endpoint: Endpoint = {
      id: newId(),
      networkId: network.id,
      memberId: member.id,
      state: "attached",
      publishes: false,
      wish,
      ...(ipv4 && { ipv4 }),
      mac: wish.mac ?? ("02:42:ac:11:00:02" as Mac),
      ifname: `eth${of(member.id).length}`,
      ...(pool && { hostIfname: "veth0" }),
      names: [...new Set([member.name, ...wish.aliases, member.id.slice(0, 12)])],
      ...(pool?.gateway && { gateway4: pool.gateway }),
      ports: member.ports.flatMap(({ protocol, port, hostIp, hostPort }) =>
        (hostIp === undefined ? (["0.0.0.0", "::"] as Ip[]) : [hostIp]).map((ip) => ({
          protocol,
          port,
          hostIp: ip,
          hostPort: hostPort || 32768,
        })),
      ),
    };
    endpoints.set(endpoint.id, endpoint);
    return endpoint;
  };
  const controller: Controller = {
    async createNetwork(spec: NetworkSpec) {
      if ([...networks.values()].some(({ name }) => name === spec.name))
        throw new NetError("conflict", `network with name ${spec.name} already exists`);
      const subnet = `172.${subnets}.0.0/16` as Cidr;
      const gateway = `172.${subnets++}.0.1` as Ip;
      const wishes = spec.pools.length > 0 ? spec.pools : [{ aux: {} }];
      const pools = wishes.map((wish) => ({
        id: newId(),
        family: 4 as const,
        gateway,
        ...wish,
        subnet: wish.subnet ?? subnet,
        subnetGiven: wish.subnet !== undefined,
        gatewayGiven: wish.gateway !== undefined,
      }));
      const network: Network = { ...spec, id: newId(), scope: "local", createdAt: now(), predefined: false, state: "ready", pools };
      networks.set(network.id, network);
      tell("create", network);
      return { network, warning: "" };
    },
    async removeNetwork(ref) {
      const network = find(ref);
      if (network.predefined) throw new NetError("forbidden", `${network.name} is a pre-defined network and cannot be removed`);
      networks.delete(network.id);
      tell("destroy", network);
      return network;
    },
    networks: () => [...networks.values()],
    findNetwork: find,
    view(ref) {
      const network = find(ref);
      const on = [...endpoints.values()].filter(({ networkId }) => networkId === network.id);
      return {
        network,
        use: [],
        endpoints: on.flatMap((endpoint) =>
          members.has(endpoint.memberId) ? [{ endpoint, member: members.get(endpoint.memberId) as Member }] : [],
        ),
      };
    },
    addMember: (member) => void members.set(member.id, member),
    member: (id) => members.get(id),
    async renameMember(id, name) {
      members.set(id, { ...(members.get(id) as Member), name });
    },
    async removeMember(id) {
      members.delete(id);
    },
    checkWish(ref, wish) {
      const network = find(ref);
      if (network.predefined && wish.ipv4)
        throw new NetError("invalid", "invalid endpoint settings:\nuser-specified IP address is supported on user-defined networks only");
    },
    async connect(ref, memberId, wish) {
      const network = find(ref);
      const member = members.get(memberId) as Member;
      if (member.wishes.some((other) => other.network === network.name)) {
        throw new NetError("forbidden", `endpoint with name ${member.name} already exists in network ${network.name}`);
      }
      const wished = { ...member, wishes: [...member.wishes, { network: network.name, wish }] };
      members.set(memberId, wished);
      if (!sandboxes.has(memberId)) return undefined;
      const endpoint = join(wished, network, wish);
      tell("connect", network, { container: memberId });
      return endpoint;
    },
    async disconnect(ref, memberId) {
      const network = find(ref);
      const member = members.get(memberId) as Member;
      if (!member.wishes.some((wish) => wish.network === network.name)) {
        throw new NetError("internal", `container ${memberId} is not connected to network ${network.name}`);
      }
      members.set(memberId, { ...member, wishes: member.wishes.filter((wish) => wish.network !== network.name) });
      for (const endpoint of of(memberId))
        if (endpoint.networkId === network.id && endpoints.delete(endpoint.id)) tell("disconnect", network, { container: memberId });
    },
    async open(id) {
      if (openError !== undefined) {
        const error = openError;
        openError = undefined;
        throw error;
      }
      const member = members.get(id) as Member;
      const wanted = member.wishes.map(({ network, wish }) => [find(network), wish] as const);
      const sandbox: Sandbox = { id, path: `/run/netns/${id.slice(0, 12)}`, state: "open" };
      sandboxes.set(id, sandbox);
      for (const [network, wish] of wanted) {
        join(member, network, wish);
        tell("connect", network, { container: id });
      }
      return sandbox;
    },
    async close(id) {
      for (const endpoint of of(id)) {
        endpoints.delete(endpoint.id);
        tell("disconnect", networks.get(endpoint.networkId) as Network, { container: id });
      }
      sandboxes.delete(id);
    },
    sandbox: (id) => sandboxes.get(id),
    endpoints: of,
    async restore() {},
  };
  const failOpen = (error: Error) => {
    openError = error;
  };
  return { controller, failOpen };
}

function fakeImages(): Images {
  const image: Image = {
    id: `sha256:${"a8d48e72715e".padEnd(64, "0")}`,
    repoTags: ["alpine:latest"],
    created: 1795480339,
    size: 1984178,
    labels: null,
    createdAt: "2026-11-24T00:32:19.662112329Z",
    comment: "Imported from -",
    author: "",
    architecture: "amd64",
    os: "linux",
    layers: [`sha256:${"9".repeat(64)}`],
    config: {},
    history: [{ createdAt: "2026-11-24T00:32:19.662112329Z", createdBy: "", comment: "Imported from -", size: 1984178, empty: false }],
    lastTagTime: "2026-11-24T00:32:19.664128557Z",
  };
  return {
    async import(tar) {
      for await (const _ of tar);
      return image.id;
    },
    async *load(tar) {
      let bytes = 0;
      for await (const piece of tar) bytes += (piece as Buffer).length;
      if (bytes < 512) throw new NetError("invalid", "archive/tar: invalid tar header");
      yield "Loaded image: alpine:latest";
    },
    save: async () => PassThrough.from([Buffer.alloc(1024)]) as PassThrough,
    list: () => [image],
    find(ref) {
      if (ref === "alpine" || ref === "alpine:latest" || image.id.startsWith(`sha256:${ref.replace("sha256:", "")}`)) return image;
      throw new NetError("notFound", `No such image: ${ref.includes(":") ? ref : `${ref}:latest`}`);
    },
    tag() {},
    remove: async (ref) => [{ untagged: ref }, { deleted: image.id }],
    prune: async ({ inUse }) => (inUse(image.id) ? { deleted: [], reclaimed: 0 } : { deleted: [{ deleted: image.id }], reclaimed: 7 }),
    layerDirs: () => [],
  };
}

type Rooms = Pick<Fakes, "containers" | "exit" | "failStart" | "process" | "lines">;

function fakeContainers(dataRoot: string, images: Images): Rooms {
  const rows = new Map<string, Container>();
  const processes = new Map<string, FakeProcess>();
  const execs = new Map<string, Exec>();
  const logs = new Map<string, { stream: 1 | 2; text: string }[]>();
  const waiters = new Set<{ id: string; condition: string; resolve(result: { exitCode: number }): void }>();
  const ends: { id: string; exitCode: number; oomKilled: boolean }[] = [];
  let startError: Error | undefined;
  let wake = () => {};
  let closed = false;
  const must = (id: string) => {
    const row = rows.get(id);
    if (row === undefined) throw new NetError("notFound", `No such container: ${id}`);
    return row;
  };
  const find = (ref: string) => {
    const row = lookUp("container", rows.values(), ref);
    if (row === undefined) throw new NetError("notFound", `No such container: ${ref}`);
    return row;
  };
  const patch = (id: string, state: Partial<Container["state"]>, rest: Partial<Container> = {}) => {
    const row = must(id);
    rows.set(id, { ...row, ...rest, state: { ...row.state, ...state } });
  };
  const settle = (id: string, conditions: string[], exitCode: number) => {
    for (const waiter of waiters)
      if (waiter.id === id && conditions.includes(waiter.condition) && waiters.delete(waiter)) waiter.resolve({ exitCode });
  };
  const exit = (name: string, exitCode: number) => {
    const { id } = find(name);
    patch(id, { status: "exited", pid: 0, exitCode, finishedAt: now() });
    processes.get(id)?.end();
    settle(id, ["not-running", "next-exit"], exitCode);
    ends.push({ id, exitCode, oomKilled: false });
    wake();
  };
  const processOf = (id: string) => {
    const found = processes.get(id) ?? fakeProcess();
    processes.set(id, found);
    return found;
  };
  const isMissing = (cmd: readonly string[]) => cmd[0]?.startsWith("nosuch") ?? false;
  const containers: Containers = {
    async create({ name, config, hostConfig }) {
      const image = images.find(config.Image);
      const taken = [...rows.values()].find((row) => row.name === name);
      if (taken !== undefined) {
        const rest = "You have to remove (or rename) that container to be able to reuse that name.";
        throw new NetError("conflict", `Conflict. The container name "/${name}" is already in use by container "${taken.id}". ${rest}`);
      }
      const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
      if (command.length === 0) throw new NetError("invalid", "no command specified");
      const id = newId();
      const row = {
        id,
        name,
        createdAt: now(),
        imageId: image.id,
        imageRef: config.Image,
        path: command[0] ?? "",
        args: command.slice(1),
        config: { ...CONFIG, ...config, Hostname: config.Hostname || id.slice(0, 12) },
        hostConfig: { ...HOST_CONFIG, ...hostConfig },
        state: { status: "created", pid: 0, exitCode: 0, error: "", oomKilled: false, startedAt: NEVER, finishedAt: NEVER },
        restartCount: 0,
        stoppedByHand: false,
      } as unknown as Container;
      rows.set(id, row);
      return { container: row, warnings: [] };
    },
    get: (id) => rows.get(id),
    all: () => [...rows.values()],
    find,
    filesDir: (id) => join(dataRoot, "containers", id),
    rename(id, name) {
      if ([...rows.values()].some((row) => row.name === name))
        throw new NetError("conflict", `Conflict. The container name "/${name}" is already in use`);
      rows.set(id, { ...must(id), name });
    },
    async update(id, hostConfig) {
      rows.set(id, { ...must(id), hostConfig: { ...must(id).hostConfig, ...hostConfig } as Container["hostConfig"] });
    },
    async start(id) {
      if (startError !== undefined) {
        const error = startError;
        startError = undefined;
        throw error;
      }
      processOf(id);
      patch(id, { status: "running", pid: 4242, exitCode: 0, error: "", startedAt: now(), finishedAt: NEVER }, { stoppedByHand: false });
    },
    startFailed(id, error, exitCode) {
      patch(id, { status: "created", error, exitCode });
      settle(id, ["not-running"], exitCode);
    },
    restarting(id) {
      patch(id, { status: "restarting" }, { restartCount: must(id).restartCount + 1 });
    },
    async kill(id, signal) {
      if (["SIGKILL", "KILL", "9", "SIGTERM", "TERM"].includes(signal)) {
        patch(id, {}, { stoppedByHand: true });
        exit(must(id).name, 137);
      }
    },
    async stop(id, { signal, escalate }) {
      const { name, state } = must(id);
      patch(id, { status: state.status === "restarting" ? "exited" : state.status }, { stoppedByHand: true });
      if (state.pid === 0) return true;
      // One that is called `deaf` hears SIGKILL alone.
      if (name === "deaf" && signal !== "SIGKILL" && escalate === false) return false;
      exit(name, signal === "SIGKILL" ? 137 : 143);
      return true;
    },
    pause: async (id) => patch(id, { status: "paused" }),
    unpause: async (id) => patch(id, { status: "running" }),
    wait(id, condition, signal) {
      const { state } = must(id);
      if (condition === "not-running" && state.status !== "running" && state.status !== "paused")
        return Promise.resolve({ exitCode: state.exitCode });
      return new Promise((resolve, reject) => {
        const waiter = { id, condition, resolve };
        waiters.add(waiter);
        signal.addEventListener("abort", () => {
          waiters.delete(waiter);
          reject(new NetError("unavailable", "context canceled"));
        });
      });
    },
    async remove(id) {
      const { exitCode } = must(id).state;
      rows.delete(id);
      settle(id, ["not-running", "next-exit", "removed"], exitCode);
    },
    attach: async (id) => processOf(id).session(must(id).config.Tty),
    async resize() {},
    createExec(id, config) {
      const exec: Exec = { id: newId(), containerId: id, config, running: false, exitCode: null, pid: 0 };
      execs.set(exec.id, exec);
      return exec;
    },
    exec(execId) {
      const exec = execs.get(execId);
      if (exec === undefined) throw new NetError("notFound", `No such exec instance: ${execId}`);
      return exec;
    },
    execIds: (id) => Array.from(execs.values()).flatMap((exec) => (exec.containerId === id ? [exec.id] : [])),
    execEnd: async (execId) => (isMissing(containers.exec(execId).config.cmd) ? 127 : 0),
    async startExec(execId, { detach }) {
      const exec = containers.exec(execId);
      execs.set(execId, { ...exec, exitCode: isMissing(exec.config.cmd) ? 127 : 0 });
      if (detach) return undefined;
      const process = processOf(execId);
      if (isMissing(exec.config.cmd)) {
        process.emit(1, "OCI runtime exec failed: executable file not found in $PATH\r\n");
        process.end();
      }
      return process.session(exec.config.tty);
    },
    async resizeExec() {},
    async *logs(id, { stdout, stderr, tail }) {
      const lines = (logs.get(id) ?? []).filter(({ stream }) => (stream === 1 ? stdout : stderr));
      for (const { stream, text } of lines.slice(tail === undefined ? 0 : -tail))
        yield { stream, time: "2026-11-24T00:34:27.607056905Z", data: Buffer.from(text) };
    },
    top: async () => ({ titles: ["PID", "COMMAND"], processes: [["1", "sleep"]] }),
    mounts: () => [],
    places: (id) => ({ log: join(dataRoot, id, "log"), lower: ["/l1", "/l0"], upper: "/u", work: "/w", merged: "/m" }),
    openRootfs: async () => ({ path: dataRoot, close: async () => {} }),
    changes: async () => [],
    size: async () => ({ rw: 0, rootFs: 1984178 }),
    async *exits() {
      for (;;) {
        for (let end = ends.shift(); end !== undefined; end = ends.shift()) yield end;
        if (closed) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async restore() {},
    async close() {
      closed = true;
      wake();
    },
  };
  const failStart = (error: Error) => {
    startError = error;
  };
  return {
    containers,
    exit,
    failStart,
    process: (name) => processOf(execs.has(name) ? name : find(name).id),
    lines: (name, lines) => void logs.set(find(name).id, lines),
  };
}

function fakeProcess(): FakeProcess {
  const past: { stream: 1 | 2; data: Buffer }[] = [];
  const wakes = new Set<() => void>();
  let over = false;
  const wakeAll = () => {
    for (const wake of wakes) wake();
  };
  const process: FakeProcess = {
    input: [],
    inputEnded: false,
    emit(stream, text) {
      past.push({ stream, data: Buffer.from(text) });
      wakeAll();
    },
    end() {
      over = true;
      wakeAll();
    },
    session(tty) {
      let left = false;
      let wake = () => {};
      const call = () => wake();
      wakes.add(call);
      async function* output() {
        for (let at = 0; ; ) {
          const piece = past[at];
          if (left) return;
          if (piece !== undefined) {
            at++;
            yield piece;
          } else if (over) return;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      }
      return {
        tty,
        output: output(),
        async write(data) {
          process.input.push(data);
        },
        endInput() {
          process.inputEnded = true;
        },
        close() {
          left = true;
          wake();
          wakes.delete(call);
        },
      };
    },
  };
  return process;
}

const CONFIG = {
  ...{ Hostname: "", Domainname: "", User: "", AttachStdin: false, AttachStdout: false, AttachStderr: false, Tty: false, OpenStdin: false },
  ...{ StdinOnce: false, Env: null, Cmd: null, Image: "", Volumes: null, WorkingDir: "", Entrypoint: null, Labels: {} },
};

const HOST_CONFIG = {
  NetworkMode: "bridge",
  PortBindings: {},
  PublishAllPorts: false,
  RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
  AutoRemove: false,
};
