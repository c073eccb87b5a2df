import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../model/errors.ts";
import { usage } from "./failure.ts";
import type { Io } from "./io.ts";
import { parsePublish } from "./ports.ts";
import type { RunFlags } from "./run-flags.ts";
import { networkOf } from "./run-network.ts";
import { bytesArgument, pairs } from "./words.ts";

/** The body of POST /containers/create. @throws invalid */
export function createBody(image: string, argv: readonly string[], flags: RunFlags, io: Pick<Io, "env" | "cwd" | "stdout">): object {
  const attached = flags.detach !== true;
  const network = networkOf(flags);
  const { binds, volumes } = volumesOf(flags.volume ?? [], io.cwd);
  const ports = portsOf(flags);
  return {
    Image: image,
    Cmd: argv.length === 0 ? null : argv,
    Entrypoint: flags.entrypoint === undefined ? null : [flags.entrypoint],
    Hostname: flags.hostname ?? "",
    Domainname: flags.domainname ?? "",
    User: flags.user ?? "",
    WorkingDir: flags.workdir ?? "",
    AttachStdin: attached && flags.interactive === true,
    AttachStdout: attached,
    AttachStderr: attached,
    OpenStdin: flags.interactive === true,
    StdinOnce: attached && flags.interactive === true,
    Tty: flags.tty === true,
    Env: environment(flags, io),
    Labels: pairs(flags.label),
    Volumes: volumes,
    ExposedPorts: ports.exposed,
    ...(flags.stopSignal === undefined ? {} : { StopSignal: flags.stopSignal }),
    ...(flags.stopTimeout === undefined ? {} : { StopTimeout: flags.stopTimeout }),
    HostConfig: {
      ...hostConfig(flags),
      Binds: binds,
      PortBindings: ports.bindings,
      NetworkMode: network.mode,
      ...(flags.tty && io.stdout.rows !== undefined ? { ConsoleSize: [io.stdout.rows, io.stdout.columns] } : {}),
    },
    NetworkingConfig: { EndpointsConfig: network.endpoints },
  };
}

function hostConfig(flags: RunFlags): object {
  return {
    AutoRemove: flags.rm === true,
    RestartPolicy: restartPolicy(flags),
    Privileged: flags.privileged === true,
    PublishAllPorts: flags.publishAll === true,
    ReadonlyRootfs: flags.readOnly === true,
    CapAdd: flags.capAdd ?? null,
    CapDrop: flags.capDrop ?? null,
    Dns: flags.dns ?? [],
    DnsOptions: flags.dnsOption ?? [],
    DnsSearch: flags.dnsSearch ?? [],
    ExtraHosts: flags.addHost ?? null,
    Links: flags.link ?? null,
    Memory: flags.memory === undefined ? 0 : bytesArgument(flags.memory),
    NanoCpus: Math.round((flags.cpus ?? 0) * 1e9),
    PidsLimit: flags.pidsLimit ?? null,
    ShmSize: flags.shmSize === undefined ? 0 : bytesArgument(flags.shmSize),
    ...(flags.sysctl === undefined ? {} : { Sysctls: pairs(flags.sysctl) }),
    ...(flags.tmpfs === undefined ? {} : { Tmpfs: Object.fromEntries(flags.tmpfs.map(colonPair)) }),
    ...(flags.init === undefined ? {} : { Init: true }),
  };
}

function restartPolicy({ restart, rm }: RunFlags): object {
  const [, name, times] = /^(no|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(restart) ?? [];
  if (name === undefined || (times !== undefined && name !== "on-failure")) throw usage(`invalid restart policy: ${restart}`);
  if (rm && name !== "no") throw usage("--rm and --restart contradict each other");
  return { Name: name, MaximumRetryCount: Number(times ?? 0) };
}

function environment(flags: RunFlags, io: Pick<Io, "env" | "cwd">): string[] | null {
  const fromFiles = (flags.envFile ?? []).flatMap((file) => linesOf(resolve(io.cwd, file)));
  const words = [...fromFiles, ...(flags.env ?? [])];
  const known = words.map((word) => (word.includes("=") || io.env[word] === undefined ? word : `${word}=${io.env[word]}`));
  return known.length === 0 ? null : known;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.trimStart())
      .filter((line) => line !== "" && !line.startsWith("#"));
  } catch (error) {
    throw usage(`cannot read --env-file ${file}: ${messageOf(error)}`);
  }
}

/** `folder` alone is a volume without a name; a source that is a relative path is one of ours, not the daemon's. */
function volumesOf(words: readonly string[], cwd: string): { binds: string[] | null; volumes: Record<string, object> } {
  const alone = words.filter((word) => !word.includes(":"));
  const bound = words
    .filter((word) => word.includes(":"))
    .map((word) => (/^\.\.?(\/|:)/.test(word) ? word.replace(/^[^:]*/, (source) => resolve(cwd, source)) : word));
  return { binds: bound.length === 0 ? null : bound, volumes: Object.fromEntries(alone.map((folder) => [folder, {}])) };
}

function portsOf(flags: RunFlags): { exposed: Record<string, object>; bindings: Record<string, { HostIp: string; HostPort: string }[]> } {
  const exposed: Record<string, object> = {};
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { port } of (flags.expose ?? []).flatMap(parsePublish)) exposed[port] = {};
  for (const { port, hostIp, hostPort } of (flags.publish ?? []).flatMap(parsePublish)) {
    exposed[port] = {};
    bindings[port] = [...(bindings[port] ?? []), { HostIp: hostIp, HostPort: hostPort }];
  }
  return { exposed, bindings };
}

function colonPair(word: string): [string, string] {
  const [folder = "", ...options] = word.split(":");
  return [folder, options.join(":")];
}
