import { once } from "node:events";
import { start } from "./process.ts";

/** A program on a terminal, driven by keys. */
export interface Terminal extends AsyncDisposable {
  /** All that was shown so far. */
  readonly output: string;
  /** Keys: `\x10\x11` is ctrl-p ctrl-q. */
  type(keys: string): void;
  /** Resolves with what was shown since the last match, up to and with the match. @throws when it does not come in time, with the output */
  expect(what: string | RegExp, timeoutMs?: number): Promise<string>;
  /** The program's exit status. */
  ended(timeoutMs?: number): Promise<number>;
}

/** Starts a program on a new terminal of 24 lines and 80 columns, by script(1). */
export function pty(argv: readonly string[], env: Record<string, string> = {}): Terminal {
  const command = `stty rows 24 cols 80; exec ${argv.map(quote).join(" ")}`;
  const child = start(["script", "--quiet", "--flush", "--return", "--command", command, "/dev/null"], {
    env: { TERM: "xterm", ...env },
    stdio: "pipe",
  });
  const exit = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  let output = "";
  let seen = 0;
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    child.emit("shown");
  });
  child.stdin?.on("error", () => undefined);

  function match(what: string | RegExp): string | undefined {
    const rest = output.slice(seen);
    const found =
      typeof what === "string"
        ? { index: rest.indexOf(what), length: what.length }
        : { index: rest.search(what), length: rest.match(what)?.[0].length ?? 0 };
    if (found.index < 0) return undefined;
    seen += found.index + found.length;
    return rest.slice(0, found.index + found.length);
  }

  return {
    get output() {
      return output;
    },
    type: (keys) => void child.stdin?.write(keys),
    async expect(what, timeoutMs = 10_000) {
      const signal = AbortSignal.timeout(timeoutMs);
      for (;;) {
        const text = match(what);
        if (text !== undefined) return text;
        if (child.exitCode !== null) throw new Error(`${argv.join(" ")}: ended without showing ${what}; it showed:\n${output}`);
        await Promise.race([once(child, "shown", { signal }), exit]).catch((cause) => {
          throw new Error(`${argv.join(" ")}: ${what} was not shown in ${timeoutMs} ms; it showed:\n${output}`, { cause });
        });
      }
    },
    async ended(timeoutMs = 10_000) {
      const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
      const [status] = await exit;
      clearTimeout(timer);
      if (status === null) throw new Error(`${argv.join(" ")}: no end in ${timeoutMs} ms; it showed:\n${output}`);
      return status;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
