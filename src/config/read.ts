import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { messageOf, NetError } from "../model/errors.ts";
import { type Options, SETTINGS, type Setting } from "./options.ts";

const NAMES = Object.keys(SETTINGS) as (keyof Options)[];

/**
 * The command line over daemon.json over the defaults. A setting in both is refused, as dockerd does: nobody should have to guess which wins.
 * @throws invalid naming the flag or key.
 */
export function readOptions(argv: string[], command: Command): Options {
  const flags = readFlags(argv, command);
  const path = SETTINGS.configFile.parse(flags.get("configFile") ?? SETTINGS.configFile.fallback, "--config-file");
  const file = readFile(path, flags.has("configFile"));
  const both = NAMES.filter((name) => flags.has(name) && file.has(name));
  if (both.length > 0) {
    const told = both.map((name) => `${keyOf(name)}: (from flag: ${flags.get(name)}, from file: ${file.get(name)})`);
    throw new NetError(
      "invalid",
      `the following directives are specified both as a flag and in the configuration file: ${told.join(", ")}`,
      {
        hint: `take them out of ${path} or off the command line`,
      },
    );
  }
  return Object.fromEntries(NAMES.map((name) => [name, settle(name, flags, file)])) as Options;
}

function settle(name: keyof Options, flags: Map<string, unknown>, file: Map<string, unknown>): unknown {
  const setting = SETTINGS[name] as Setting<unknown>;
  if (flags.has(name)) return setting.parse(flags.get(name), longFlag(setting));
  if (file.has(name)) return setting.parse(file.get(name), keyOf(name));
  return setting.fallback;
}

function readFlags(argv: string[], command: Command): Map<string, unknown> {
  const given = new Map<string, unknown>();
  for (const name of NAMES) {
    const setting = SETTINGS[name] as Setting<unknown>;
    const option = new Option(setting.flags, setting.about);
    if (setting.list === true) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
    command.on(`option:${option.name()}`, () => given.set(name, command.opts()[option.attributeName()]));
  }
  command.parse(argv, { from: "user" });
  return given;
}

/** A default file that is not there is no file; one that was named must be. */
function readFile(path: string, named: boolean): Map<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (!named && (error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw new NetError("invalid", `cannot read the configuration file ${path}: ${messageOf(error)}`, { cause: error });
  }
  const parsed = parseJson(text, path);
  const byKey = new Map(
    NAMES.flatMap((name) => ((SETTINGS[name] as Setting<unknown>).key === undefined ? [] : [[keyOf(name), name] as const])),
  );
  return new Map(
    Object.entries(parsed).map(([key, value]) => {
      const name = byKey.get(key);
      if (name === undefined) {
        throw new NetError("invalid", `unknown key "${key}" in ${path}`, { hint: `known are: ${[...byKey.keys()].join(", ")}` });
      }
      return [name, value];
    }),
  );
}

function parseJson(text: string, path: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
    throw new Error("it is not an object");
  } catch (error) {
    throw new NetError("invalid", `the configuration file ${path} is not valid: ${messageOf(error)}`, { cause: error });
  }
}

function keyOf(name: keyof Options): string {
  return (SETTINGS[name] as Setting<unknown>).key ?? name;
}

function longFlag(setting: Setting<unknown>): string {
  return setting.flags.match(/--[a-z-]+/)?.[0] ?? setting.flags;
}
