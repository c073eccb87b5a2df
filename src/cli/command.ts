import { type Command, InvalidArgumentError, Option } from "commander";
import type { Client } from "./client.ts";
import { type ExitStatus, Failure } from "./failure.ts";
import type { Io } from "./io.ts";
import type { Format, Printer } from "./print.ts";

/** What a verb is handed when it runs. */
export interface Context {
  io: Io;
  client: Client;
  print: Printer;
  /** Tells of trouble with one of several things and goes on: `netloom: ...` and the hint. */
  complain(error: unknown): void;
}

/** Runs a verb's deed with a context and notes its exit status (0 when it returns none). */
export type Perform = (options: { format?: Format }, deed: (context: Context) => Promise<ExitStatus> | Promise<void>) => Promise<void>;

/** Adds one verb, or a group of verbs, below a command. */
export type Add = (parent: Command, perform: Perform) => void;

/** Command lines, and what each is for. */
export type Examples = readonly (readonly [line: string, why: string])[];

/** A verb with `--format` and, at the end of its help, examples. */
export function verb(parent: Command, usage: string, description: string, examples: Examples): Command {
  return plainVerb(parent, usage, description, examples).addOption(
    new Option("--format <format>", "how to print").choices(["table", "json"]),
  );
}

/** A verb that prints what a process has printed, and so has no format. */
export function plainVerb(parent: Command, usage: string, description: string, examples: Examples): Command {
  const shown = examples.map(([line, why]) => `  $ ${line}\n      ${why}`).join("\n");
  return parent.command(usage).description(description).addHelpText("after", `\nExamples:\n${shown}`);
}

/** Collects a flag that may be given several times. */
export function several(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** @throws InvalidArgumentError, which names the flag */
export function whole(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}

/** @throws InvalidArgumentError, which names the flag */
export function decimal(value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) throw new InvalidArgumentError("It must be a number.");
  return Number(value);
}

/**
 * Does one deed for each thing, and goes on when one fails. Prints each name when its deed is done, or all of them at the end as JSON.
 * @returns 1 when any of them failed
 */
export async function forEach(context: Context, refs: readonly string[], deed: (ref: string) => Promise<unknown>): Promise<ExitStatus> {
  const done: string[] = [];
  let status = 0;
  for (const ref of refs) {
    try {
      await deed(ref);
      done.push(ref);
      if (!context.print.json) context.print.line(ref);
    } catch (error) {
      if (error instanceof Failure && error.exitStatus === 2) throw error;
      context.complain(error);
      status = 1;
    }
  }
  if (context.print.json) context.print.value(done);
  return status;
}

/** A path member, whatever was typed. */
export const part = encodeURIComponent;
