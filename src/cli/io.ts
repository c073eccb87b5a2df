import type { Readable, Writable } from "node:stream";

/** Where keys come from. A terminal has `setRawMode`. */
export type Input = Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };
/** Where words go. A terminal has a size and tells when it changes by `resize`. */
export type Output = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** All that the command line touches of the process it runs in; a test hands in its own. */
export interface Io {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Listens for a signal to this process. @returns how to stop */
  onSignal(name: NodeJS.Signals, listener: () => void): () => void;
}

/** The streams and the environment of this process. */
export function processIo(): Io {
  // `netloom logs x | head` ends the reader first; that is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    onSignal(name, listener) {
      process.on(name, listener);
      return () => process.off(name, listener);
    },
  };
}
