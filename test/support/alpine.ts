import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { must, ROOT } from "./process.ts";

const CACHE = `${ROOT}/build/alpine.tar`;

const FILES: Record<string, string> = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/ash\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  "etc/group": "root:x:0:\nnobody:x:65534:\n",
  "etc/alpine-release": "3.20.0\n",
  "www/index.html": "hello from netloom\n",
};

const FOLDERS = ["bin", "dev", "etc", "proc", "root", "run", "sys", "usr", "usr/bin", "var", "var/run", "www"];

/** A root filesystem that behaves as `alpine` does, as a tar: one static busybox, its applets as links. Made once per checkout. */
export async function alpineTar(): Promise<Buffer> {
  if (existsSync(CACHE)) return readFile(CACHE);
  const tar = await makeTar();
  await mkdir(`${ROOT}/build`, { recursive: true });
  // Tests run in parallel: nobody may read a half-written one.
  await writeFile(`${CACHE}.${process.pid}`, tar);
  await rename(`${CACHE}.${process.pid}`, CACHE);
  return tar;
}

async function makeTar(): Promise<Buffer> {
  const tar = pack();
  for (const name of FOLDERS) tar.entry({ name: `${name}/`, type: "directory", mode: name === "root" ? 0o700 : 0o755 });
  tar.entry({ name: "tmp/", type: "directory", mode: 0o1777 });
  tar.entry({ name: "bin/busybox", mode: 0o755 }, await readFile("/bin/busybox"));
  for (const applet of (await must(["/bin/busybox", "--list"])).trim().split("\n")) {
    if (applet !== "busybox") tar.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox", mode: 0o777 });
  }
  for (const [name, content] of Object.entries(FILES)) tar.entry({ name, mode: 0o644 }, content);
  tar.finalize();
  return buffer(tar);
}
