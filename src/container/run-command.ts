import { execFile } from "node:child_process";
import { NetError } from "../model/errors.ts";

const OUTPUT_MAX_BYTES = 16 << 20;

/** Runs a program to its end and returns its standard output. @throws internal with what it wrote to standard error; no shell is involved. */
export function runCommand(file: string, args: string[], options: { env?: Record<string, string>; input?: string } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { maxBuffer: OUTPUT_MAX_BYTES, ...(options.env ? { env: options.env } : {}) },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new NetError("internal", stderr.trim() || error.message, { cause: error }));
      },
    );
    // A program that has ended without reading is told by its exit code.
    child.stdin?.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") reject(new NetError("internal", `cannot write to ${file}: ${error.message}`, { cause: error }));
    });
    child.stdin?.end(options.input ?? "");
  });
}
