import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { TextFiles } from "../controller/house.ts";

/** Written in place and only when the text is another one than we wrote last: a container may have edited its copy since. */
export function textFiles(): TextFiles {
  const written = new Map<string, string>();
  return {
    async write(path, text) {
      if (written.get(path) === text) return;
      try {
        await writeFile(path, text, { mode: 0o644 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        await mkdir(dirname(path), { recursive: true, mode: 0o711 });
        await writeFile(path, text, { mode: 0o644 });
      }
      written.set(path, text);
    },
    async read(path) {
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
        throw error;
      }
    },
  };
}
