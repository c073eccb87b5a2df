import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { NetError } from "../../model/errors.ts";
import { codeOf } from "./failure.ts";

/** The system calls of unpacking that Node has not: mknod(2), setxattr(2), syncfs(2). */
export interface FileTools {
  /** @throws forbidden without CAP_MKNOD. */
  makeNode(path: string, node: { kind: "character-device" | "block-device" | "fifo"; major: number; minor: number }): Promise<void>;
  /** Does not follow a link. @throws unsupported when this cannot be done here. */
  setAttribute(path: string, name: string, value: Buffer): Promise<void>;
  /** Returns when everything on the file system of `path` is on the disk. */
  syncFileSystem(path: string): Promise<void>;
}

const KIND_LETTERS = { "character-device": "c", "block-device": "b", fifo: "p" } as const;

/** By mknod(1), setfattr(1) and sync(1). */
export function commandFileTools(): FileTools {
  return {
    async makeNode(path, { kind, major, minor }) {
      const numbers = kind === "fifo" ? [] : [`${major}`, `${minor}`];
      try {
        await run("mknod", [path, KIND_LETTERS[kind], ...numbers]);
      } catch (error) {
        if (/not permitted/.test(stderrOf(error)))
          throw new NetError("forbidden", `cannot make the device ${path}: not permitted`, { cause: error });
        throw error;
      }
    },
    async setAttribute(path, name, value) {
      try {
        await run("setfattr", ["--no-dereference", `--name=${name}`, `--value=0x${value.toString("hex")}`, "--", path]);
      } catch (error) {
        const hint = codeOf(error) === "ENOENT" ? "install setfattr (package attr)" : "the file system must allow extended attributes";
        throw new NetError("unsupported", `cannot set the extended attribute ${name}: ${stderrOf(error)}`, { hint, cause: error });
      }
    },
    syncFileSystem: (path) => run("sync", ["--file-system", path]),
  };
}

async function run(command: string, argv: string[]): Promise<void> {
  await promisify(execFile)(command, argv, { env: { ...process.env, LC_ALL: "C" } });
}

function stderrOf(error: unknown): string {
  if (error instanceof Error && "stderr" in error && typeof error.stderr === "string" && error.stderr !== "") return error.stderr.trim();
  return error instanceof Error ? error.message : String(error);
}
