import { posix } from "node:path";
import { NetError } from "../../model/errors.ts";
import type { ContainerConfig } from "../types.ts";
import { expand, shellWords } from "./shell-words.ts";

/** The part of an image's configuration that `docker import --change` can set. */
export type Changed = Partial<
  Pick<ContainerConfig, "Cmd" | "Entrypoint" | "Env" | "ExposedPorts" | "Labels" | "User" | "Volumes" | "WorkingDir" | "StopSignal">
>;

type Instruction = (config: Changed, rest: string, environment: ReadonlyMap<string, string>) => void;

const INSTRUCTIONS: Record<string, Instruction> = {
  CMD(config, rest) {
    config.Cmd = command(rest);
  },
  ENTRYPOINT(config, rest) {
    config.Entrypoint = command(rest);
  },
  ENV(config, rest, environment) {
    const set = new Map([...environment, ...pairs("ENV", rest, environment)]);
    config.Env = Array.from(set, ([name, value]) => `${name}=${value}`);
  },
  LABEL(config, rest, environment) {
    config.Labels = { ...config.Labels, ...Object.fromEntries(pairs("LABEL", rest, environment)) };
  },
  EXPOSE(config, rest, environment) {
    const ports = shellWords(rest, environment).flatMap(portsOf);
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
  },
  VOLUME(config, rest, environment) {
    const paths = jsonWords(rest) ?? shellWords(rest, environment);
    if (paths.some((path) => path === "")) throw new NetError("invalid", "VOLUME specified can not be an empty string");
    config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  },
  USER(config, rest, environment) {
    config.User = expand(rest, environment);
  },
  WORKDIR(config, rest, environment) {
    config.WorkingDir = posix.resolve("/", config.WorkingDir ?? "/", expand(rest, environment));
  },
  STOPSIGNAL(config, rest, environment) {
    const signal = expand(rest, environment);
    if (!/^(\d{1,2}|(SIG)?[A-Z][A-Z0-9+-]*)$/i.test(signal)) throw new NetError("invalid", `invalid signal: ${signal}`);
    config.StopSignal = signal;
  },
};

/**
 * Carries out `--change` instructions in their order, in Dockerfile syntax.
 * @throws invalid for an unknown instruction, or one that cannot be read.
 */
export function applyChanges(changes: readonly string[]): Changed {
  const config: Changed = {};
  for (const line of changes.flatMap((change) => change.split("\n")).map((change) => change.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [, word = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
    const name = word.toUpperCase();
    const instruction = Object.hasOwn(INSTRUCTIONS, name) ? INSTRUCTIONS[name] : undefined;
    if (instruction === undefined) {
      throw new NetError("invalid", `${word} is not a valid change command`, { hint: `known are ${Object.keys(INSTRUCTIONS).join(", ")}` });
    }
    if (rest === "") throw new NetError("invalid", `${name} requires at least one argument`);
    instruction(config, rest, environmentOf(config));
  }
  return config;
}

function environmentOf(config: Changed): Map<string, string> {
  return new Map((config.Env ?? []).map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]));
}

/** A JSON list is executed as it is, anything else by a shell. */
function command(rest: string): string[] {
  return jsonWords(rest) ?? ["/bin/sh", "-c", rest];
}

function jsonWords(rest: string): string[] | undefined {
  if (!rest.startsWith("[")) return undefined;
  try {
    const list: unknown = JSON.parse(rest);
    return Array.isArray(list) && list.every((word) => typeof word === "string") ? list : undefined;
  } catch {
    // A command that begins with a bracket, such as `[ -f /x ] && run`, is no mistake: it is for the shell.
    return undefined;
  }
}

/** `A=b "C=d e"`, or the old form `A b c`, where all behind the name is the value. */
function pairs(instruction: string, rest: string, environment: ReadonlyMap<string, string>): [string, string][] {
  const [, first = "", value] = /^(\S+)(?:\s+(.*))?$/s.exec(rest) ?? [];
  if (!first.includes("=")) {
    if (value === undefined) throw new NetError("invalid", `${instruction} must have two arguments`);
    return [[first, expand(value, environment)]];
  }
  return shellWords(rest, environment).map((word) => {
    const equals = word.indexOf("=");
    if (equals < 0) throw new NetError("invalid", `Syntax error - can't find = in "${word}". Must be of the form: name=value`);
    if (equals === 0) throw new NetError("invalid", `${instruction} names can not be blank`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** `80`, `53/udp`, `8000-8003/tcp`. */
function portsOf(text: string): string[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last > 65_535 || first > last) throw new NetError("invalid", `invalid containerPort: ${text}`);
  const protocol = (match[3] ?? "tcp").toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol}`);
}
