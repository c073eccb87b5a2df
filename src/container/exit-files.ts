import { type FSWatcher, watch } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { timeText } from "./rows.ts";

/** What conmon wrote about a process that ended. */
export interface ExitFile {
  exitCode: number;
  finishedAt: string;
}

/** The folder in which conmon leaves one file for each end, whether we are there to see it or not. */
export interface ExitFiles {
  /** @returns undefined when it has not ended. */
  read(id: Id): Promise<ExitFile | undefined>;
  /** Before a start, so that an old end is not taken for the new one's; after an end, when it is recorded. */
  forget(id: Id): Promise<void>;
  list(): Promise<Id[]>;
  close(): void;
}

const ID = /^[0-9a-f]{64}$/;

/** `onExit` is called for every file that appears from now on, perhaps more than once. */
export async function openExitFiles(folder: string, onExit: (id: Id) => void, onError: (error: NetError) => void): Promise<ExitFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const watcher: FSWatcher = watch(folder, (_event, name) => {
    // A name that we cannot take is that of conmon's temporary file, which is renamed when it is whole.
    if (name !== null && ID.test(name)) onExit(name);
  });
  watcher.on("error", (error) => onError(new NetError("internal", `cannot watch ${folder}: ${error.message}`, { cause: error })));
  return {
    async read(id) {
      const path = join(folder, id);
      try {
        const [text, { mtimeNs }] = await Promise.all([readFile(path, "utf8"), stat(path, { bigint: true })]);
        return { exitCode: Number.parseInt(text, 10), finishedAt: timeText(mtimeNs) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    forget: (id) => rm(join(folder, id), { force: true }),
    list: async () => (await readdir(folder)).filter((name) => ID.test(name)),
    close: () => watcher.close(),
  };
}
