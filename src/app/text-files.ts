import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { TextFiles } from "../controller/house.ts";

/**
 * Written in place and only when the text is another one than we wrote last: a container may have edited its copy since.
 * These are a few hundred bytes in the page cache: the way to the thread pool and back would take longer than the call.
 */
export function textFiles(): TextFiles {
  const written = new Map<string, string>();
  return {
    async write(path, text) {
      if (written.get(path) === text) return;
      try {
        writeFileSync(path, text, { mode: 0o644 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
        writeFileSync(path, text, { mode: 0o644 });
      }
      written.set(path, text);
    },
    async read(path) {
      try {
        return readFileSync(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
        throw error;
      }
    },
  };
}
