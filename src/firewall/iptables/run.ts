import { execFile } from "node:child_process";

/** A program that ran to its end. */
export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program with this standard input; rejects when it could not be run to its end, with the code ENOENT when there is none. */
export type Run = (argv: readonly string[], input: string) => Promise<Ran>;

const OUTPUT_MAX_BYTES = 64 << 20;
/** For a host with a great many rules of others; who waits for the lock of iptables gives up before (LOCK_WAIT_S). */
const TIMEOUT_MS = 60_000;

/** The real thing, in the network namespace of this process. */
export const runProgram: Run = ([program = "", ...args], input) =>
  new Promise((resolve, reject) => {
    const options = { maxBuffer: OUTPUT_MAX_BYTES, timeout: TIMEOUT_MS, env: { ...process.env, LC_ALL: "C" } };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code;
      if (typeof status === "number") resolve({ status, stdout, stderr });
      else reject(error);
    });
    // A program that has ended without reading is told by its status.
    child.stdin?.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") reject(error);
    });
    child.stdin?.end(input);
  });
