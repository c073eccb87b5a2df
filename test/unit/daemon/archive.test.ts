import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import test, { type ExecutionContext } from "ava";
import { extract, type Header, pack } from "tar-stream";
import type { Container, Mount } from "../../../src/container/types.ts";
import { findInRoot } from "../../../src/daemon/archive/in-root.ts";
import { packInside, packPlace } from "../../../src/daemon/archive/pack.ts";
import { goMode, statPlace } from "../../../src/daemon/archive/path-stat.ts";
import { refuseReadOnly } from "../../../src/daemon/archive/read-only.ts";
import { unpackInto } from "../../../src/daemon/archive/unpack.ts";

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** A root with an outside that nothing may reach. */
function rootIn(t: ExecutionContext): { root: string; outside: string } {
  const folder = mkdtempSync(join(tmpdir(), "netloom-archive-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [root, outside] = [join(folder, "root"), join(folder, "outside")];
  for (const made of [root, outside, join(root, "tmp"), join(root, "etc")]) mkdirSync(made);
  writeFileSync(join(root, "etc", "passwd"), "root\n");
  return { root, outside };
}

function tarOf(...entries: (Partial<Header> & { name: string; text?: string })[]): Readable {
  const tar = pack();
  for (const { text, ...header } of entries) tar.entry({ ...owner, ...header }, text ?? "");
  tar.finalize();
  return Readable.from(tar as AsyncIterable<Buffer>);
}

async function namesIn(tar: AsyncIterable<Buffer>): Promise<string[]> {
  const names: string[] = [];
  const entries = extract();
  Readable.from(tar).pipe(entries as unknown as NodeJS.WritableStream);
  for await (const entry of entries) {
    names.push(`${entry.header.type} ${entry.header.name} ${entry.header.linkname ?? ""}`.trim());
    entry.resume();
  }
  return names;
}

test("links lead where they lead inside the root", async (t) => {
  const { root } = rootIn(t);
  symlinkSync("/etc", join(root, "tmp", "absolute"));
  symlinkSync("../../../../etc", join(root, "tmp", "climbing"));
  symlinkSync("loop", join(root, "loop"));
  for (const path of ["/etc/passwd", "tmp/../etc/passwd", "/tmp/absolute/passwd", "/tmp/climbing/passwd", "/../../etc/passwd"]) {
    const place = await findInRoot(root, path, { followLast: true });
    t.is(readFileSync(place.path, "utf8"), "root\n", path);
    await place.close();
  }
  await t.throwsAsync(() => findInRoot(root, "/nosuch/x", { followLast: false }), { code: "ENOENT" });
  await t.throwsAsync(() => findInRoot(root, "/loop/x", { followLast: false }), { message: "too many levels of symbolic links" });
  const link = await findInRoot(root, "/tmp/absolute", { followLast: false });
  const { view } = await statPlace(link, "/tmp/absolute");
  t.like(view, { name: "absolute", linkTarget: "/etc" });
  t.is(Math.floor(view.mode / 2 ** 27), 1);
  await link.close();
});

test("modes are Go's", (t) => {
  t.is(goMode(statSync("/")) >= 2 ** 31, true);
  t.is(goMode(statSync("/dev/null")) - 0o666, 2 ** 26 + 2 ** 21);
});

test("a tree comes out as it went in", async (t) => {
  const { root } = rootIn(t);
  await unpackInto(
    root,
    "/tmp",
    tarOf(
      { name: "tree/", type: "directory", mode: 0o700 },
      { name: "tree/f", text: "hello\n", mode: 0o640, mtime: new Date(1_000_000) },
      { name: "tree/empty" },
      { name: "tree/l", type: "symlink", linkname: "f" },
      { name: "tree/hard", type: "link", linkname: "tree/f" },
    ),
    { keepKinds: true },
  );
  const tree = join(root, "tmp", "tree");
  t.is(statSync(tree).mode & 0o777, 0o700);
  t.is(readFileSync(join(tree, "f"), "utf8"), "hello\n");
  t.is(statSync(join(tree, "f")).mode & 0o777, 0o640);
  t.is(statSync(join(tree, "f")).mtimeMs, 1_000_000);
  t.is(readlinkSync(join(tree, "l")), "f");
  t.is(statSync(join(tree, "hard")).ino, statSync(join(tree, "f")).ino);
  const place = await findInRoot(root, "/tmp/tree", { followLast: false });
  const names = await namesIn(packPlace(place, "tree") as AsyncIterable<Buffer>);
  await place.close();
  t.deepEqual(names.sort(), ["directory tree/", "file tree/empty", "file tree/f", "file tree/hard", "symlink tree/l f"]);
});

test("an export's names begin below the root", async (t) => {
  const { root } = rootIn(t);
  const place = await findInRoot(root, "/", { followLast: false });
  const names = await namesIn(packInside(place) as AsyncIterable<Buffer>);
  await place.close();
  t.deepEqual(names.sort(), ["directory etc/", "directory tmp/", "file etc/passwd"]);
});

test("what is read-only inside is read-only from outside", (t) => {
  const mount = (destination: string, rw: boolean): Mount => ({ type: "volume", source: "/s", destination, rw, mode: "" });
  const mounts = [mount("/data", true), mount("/data/fixed", false)];
  const refuse = (ReadonlyRootfs: boolean, path: string) => () =>
    refuseReadOnly({ hostConfig: { ReadonlyRootfs } } as Container, mounts, path);
  t.notThrows(refuse(false, "/etc"));
  t.notThrows(refuse(true, "/data/free"));
  t.throws(refuse(true, "/database"), { message: "container rootfs is marked read-only" });
  t.throws(refuse(false, "/data/fixed/x"), { message: "mounted volume is marked read-only" });
});

test("what a container planted leads nobody out", async (t) => {
  const { root, outside } = rootIn(t);
  symlinkSync(outside, join(root, "tmp", "evil"));
  symlinkSync(`../../outside/new`, join(root, "tmp", "file"));
  await t.throwsAsync(() => unpackInto(root, "/tmp", tarOf({ name: "evil/planted", text: "x" }), { keepKinds: true }), { code: "ENOENT" });
  await unpackInto(root, "/tmp", tarOf({ name: "file", text: "inside" }, { name: "../../up", text: "inside" }), { keepKinds: true });
  t.deepEqual(readdirSync(outside), []);
  t.is(readFileSync(join(root, "tmp", "file"), "utf8"), "inside");
  t.is(readFileSync(join(root, "tmp", "up"), "utf8"), "inside");
  await unpackInto(root, "/tmp", tarOf({ name: "own", type: "symlink", linkname: outside }), { keepKinds: true });
  await t.throwsAsync(() => unpackInto(root, "/tmp", tarOf({ name: "own/planted", text: "x" }), { keepKinds: true }), { code: "ENOENT" });
  t.deepEqual(readdirSync(outside), []);
});

test.serial("kinds are kept, broken archives are told, nothing is left open", async (t) => {
  const { root } = rootIn(t);
  const before = readdirSync("/proc/self/fd").length;
  await t.throwsAsync(() => unpackInto(root, "/", tarOf({ name: "etc", text: "x" }), { keepKinds: true }), {
    code: "invalid",
    message: 'cannot overwrite directory "/etc" with non-directory',
  });
  await t.throwsAsync(() => unpackInto(root, "/etc", tarOf({ name: "passwd/", type: "directory" }), { keepKinds: true }), {
    message: 'cannot overwrite non-directory "/etc/passwd" with directory',
  });
  await t.throwsAsync(() => unpackInto(root, "/tmp", Readable.from([Buffer.from("no tar")]), { keepKinds: false }), {
    code: "invalid",
    message: /^archive\/tar: /,
  });
  await t.throwsAsync(() => unpackInto(root, "/tmp", tarOf({ name: "dev", type: "character-device" }), { keepKinds: false }), {
    code: "unsupported",
  });
  t.is(readdirSync("/proc/self/fd").length, before);
});
