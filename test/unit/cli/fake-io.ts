import { PassThrough } from "node:stream";
import type { Input, Io, Output } from "../../../src/cli/io.ts";
import { runCli } from "../../../src/cli/main.ts";

export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

export interface Shell {
  io: Io;
  stdin: PassThrough;
  /** Whether our terminal is raw now, and ever was. */
  raw: boolean[];
  signal(name: NodeJS.Signals): void;
  output(): string;
  run(...argv: string[]): Promise<Ran>;
}

/** The command line with streams of its own; `tty` makes all of them a terminal of 24 lines and 80 columns. */
export function shell(host: string, options: { tty?: boolean; env?: Record<string, string>; input?: string } = {}): Shell {
  const stdin = new PassThrough();
  const stdout: Output = new PassThrough();
  const stderr: Output = new PassThrough();
  const raw: boolean[] = [];
  const listeners = new Map<NodeJS.Signals, () => void>();
  if (options.tty) {
    Object.assign(stdin, { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
    Object.assign(stdout, { isTTY: true, rows: 24, columns: 80 });
  }
  if (options.input !== undefined) stdin.end(options.input);
  const text = { stdout: "", stderr: "" };
  stdout.on("data" as never, (chunk: Buffer) => {
    text.stdout += chunk;
  });
  stderr.on("data" as never, (chunk: Buffer) => {
    text.stderr += chunk;
  });
  const io: Io = {
    stdin: stdin as Input,
    stdout,
    stderr,
    env: { NETLOOM_HOST: host, ...options.env },
    cwd: "/here",
    onSignal(name, listener) {
      listeners.set(name, listener);
      return () => listeners.delete(name);
    },
  };
  return {
    io,
    stdin,
    raw,
    signal: (name) => listeners.get(name)?.(),
    output: () => text.stdout,
    async run(...argv) {
      const status = await runCli(argv, io);
      return { status, ...text };
    },
  };
}
