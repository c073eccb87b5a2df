import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { commandFileTools } from "../../../src/container/images/index.ts";
import { NetError } from "../../../src/model/errors.ts";
import { house } from "./helpers/house.ts";
import { type Member, streamOf, tarOf } from "./helpers/tar.ts";

const isRoot = process.getuid?.() === 0;

async function unpacked(t: ExecutionContext, members: Member[], tools?: Parameters<typeof house>[1]) {
  const home = await house(t, tools);
  const id = await home.images.import(streamOf(await tarOf(members)), { message: "", changes: [] });
  return { ...home, root: home.images.layerDirs(id)[0] ?? "" };
}

test("files, folders, links, modes and times are as in the archive", async (t) => {
  const { root } = await unpacked(t, [
    { name: "./", type: "directory", mode: 0o711 },
    { name: "./bin/", type: "directory", mode: 0o1775, mtime: new Date(1_600_000_000_000) },
    { name: "./bin/tool", content: "x".repeat(100_000), mode: 0o4755 },
    { name: "bin/again", type: "link", linkname: "./bin/tool" },
    { name: "bin/soft", type: "symlink", linkname: "/../../etc/passwd" },
    { name: "deep/without/folders", content: "y", mode: 0o600 },
    { name: "timed", content: "", pax: { mtime: "1500000000.25" } },
  ]);
  t.is(statSync(root).mode & 0o7777, 0o711);
  t.is(statSync(join(root, "bin")).mode & 0o7777, 0o1775);
  t.is(statSync(join(root, "bin")).mtimeMs, 1_600_000_000_000);
  t.is(readFileSync(join(root, "bin/tool"), "utf8").length, 100_000);
  t.is(statSync(join(root, "bin/tool")).mode & 0o7777, 0o4755);
  t.is(statSync(join(root, "bin/tool")).mtimeMs, 1_700_000_000_000);
  t.is(statSync(join(root, "bin/again")).ino, statSync(join(root, "bin/tool")).ino);
  t.is(readlinkSync(join(root, "bin/soft")), "/../../etc/passwd");
  t.is(statSync(join(root, "deep/without/folders")).mode & 0o7777, 0o600);
  t.is(statSync(join(root, "timed")).mtimeMs, 1_500_000_000_250);
});

test("a later member takes the place of an earlier one of the same name", async (t) => {
  const { root } = await unpacked(t, [
    { name: "a/b/c", content: "1" },
    { name: "a", content: "file" },
    { name: "d", type: "symlink", linkname: "/etc" },
    { name: "d", type: "directory" },
    { name: "d/e", content: "2" },
    { name: "f", content: "old" },
    { name: "f", content: "new" },
  ]);
  t.is(readFileSync(join(root, "a"), "utf8"), "file");
  t.is(readFileSync(join(root, "d/e"), "utf8"), "2");
  t.is(readFileSync(join(root, "f"), "utf8"), "new");
});

(isRoot ? test : test.skip)("owners are kept (needs root)", async (t) => {
  const { root } = await unpacked(t, [
    { name: "a", content: "", uid: 1234, gid: 5678, mode: 0o6755 },
    { name: "b", type: "symlink", linkname: "a", uid: 1, gid: 2 },
    { name: "c", content: "", pax: { uid: "3000000", gid: "7" } },
  ]);
  const owner = (name: string) => [lstatSync(join(root, name)).uid, lstatSync(join(root, name)).gid];
  t.deepEqual(
    [owner("a"), owner("b"), owner("c")],
    [
      [1234, 5678],
      [1, 2],
      [3_000_000, 7],
    ],
  );
  t.is(statSync(join(root, "a")).mode & 0o7777, 0o6755);
});

(isRoot ? test : test.skip)("whiteouts and devices become what overlayfs reads (needs root)", async (t) => {
  const tools = commandFileTools();
  const calls: string[] = [];
  const { root } = await unpacked(
    t,
    [
      { name: "dir/.wh.gone", content: "" },
      { name: "dir/.wh.also", content: "" },
      { name: "kept", content: "here" },
      { name: ".wh.kept", content: "" },
      { name: "dir/.wh..wh.plnk", content: "" },
      { name: "empty/.wh..wh..opq", content: "" },
      { name: "dev/null", type: "character-device", devmajor: 1, devminor: 3, mode: 0o666 },
      { name: "pipe", type: "fifo", mode: 0o640 },
    ],
    { ...tools, setAttribute: async (path, name, value) => void calls.push(`${path} ${name}=${value}`) },
  );
  for (const name of ["gone", "also"]) {
    const stat = statSync(join(root, "dir", name));
    t.true(stat.isCharacterDevice());
    t.is(stat.rdev, 0);
  }
  t.is(readFileSync(join(root, "kept"), "utf8"), "here");
  t.false(existsSync(join(root, "dir/.wh..wh.plnk")));
  t.deepEqual(calls, [`${join(root, "empty")} trusted.overlay.opaque=y`.replace(root, calls[0]?.split("/empty")[0] ?? "")]);
  t.is(statSync(join(root, "dev/null")).rdev, 259);
  t.is(statSync(join(root, "dev/null")).mode & 0o7777, 0o666);
  t.true(statSync(join(root, "pipe")).isFIFO());
});

test("a device that is not permitted is left out and told", async (t) => {
  const refusing = {
    makeNode: async () => {
      throw new NetError("forbidden", "not permitted");
    },
    setAttribute: async () => {},
    syncFileSystem: async () => {},
  };
  const { root, warnings } = await unpacked(t, [{ name: "dev/null", type: "character-device", devmajor: 1, devminor: 3 }], refusing);
  t.false(existsSync(join(root, "dev/null")));
  t.regex(warnings.join(), /a device of an image was left out .*dev\/null/);
});

test("attributes: capabilities are set, what steers the mount is not, what cannot be set is told", async (t) => {
  const { tools, warnings } = await unpacked(t, [
    {
      name: "ping",
      content: "",
      pax: {
        "SCHILY.xattr.security.capability": "\u0001\u0000",
        "SCHILY.xattr.trusted.overlay.redirect": "/etc",
        "SCHILY.xattr.user.binary": "\ufffd",
      },
    },
  ]);
  t.deepEqual(
    tools.calls.filter((call) => call.startsWith("setfattr")).map((call) => call.split(" ").at(-1)),
    ["security.capability=\u0001\u0000"],
  );
  t.regex(warnings.join(), /user\.binary/);
});

const outside = "../../../../../../../../tmp/netloom-escaped";
const hostile: Record<string, Member[]> = {
  "a parent step": [{ name: outside, content: "x" }],
  "a parent step in the middle": [{ name: "a/../../x", content: "x" }],
  "an absolute name": [{ name: "/tmp/netloom-escaped", content: "x" }],
  "a link as a parent": [
    { name: "etc", type: "symlink", linkname: "/etc" },
    { name: "etc/netloom-escaped", content: "x" },
  ],
  "a link as a parent's parent": [
    { name: "a/b", type: "symlink", linkname: "../../../.." },
    { name: "a/b/c/d", type: "directory" },
  ],
  "a link as the parent of a hard link's target": [
    { name: "etc", type: "symlink", linkname: "/etc" },
    { name: "stolen", type: "link", linkname: "etc/shadow" },
  ],
  "a hard link to outside": [{ name: "stolen", type: "link", linkname: "../../../../../../../../etc/passwd" }],
  "an absolute hard link": [{ name: "stolen", type: "link", linkname: "/etc/passwd" }],
  "a hard link to nothing": [{ name: "a", type: "link", linkname: "b" }],
  "a hard link to a folder": [
    { name: "b", type: "directory" },
    { name: "a", type: "link", linkname: "b" },
  ],
  "a whiteout of the parent": [{ name: "a/.wh...", content: "" }],
  "a whiteout of the folder": [{ name: "a/.wh..", content: "" }],
  "a whiteout of nothing": [{ name: "a/.wh.", content: "" }],
  "an opaque mark behind a link": [
    { name: "etc", type: "symlink", linkname: "/etc" },
    { name: "etc/.wh..wh..opq", content: "" },
  ],
  "a whiteout behind a link": [
    { name: "etc", type: "symlink", linkname: "/etc" },
    { name: "etc/.wh.passwd", content: "" },
  ],
  "a root that is a link": [{ name: "./", type: "symlink", linkname: "/etc" }],
  "a file below a file": [
    { name: "a", content: "x" },
    { name: "a/b", content: "x" },
  ],
  "a name with a zero byte": [{ name: "x", content: "x", pax: { path: "a\0b" } }],
  "a link to nowhere": [{ name: "x", type: "symlink", linkname: "" }],
  "an owner beyond all": [{ name: "x", content: "", pax: { uid: "-1" } }],
};
for (const [what, members] of Object.entries(hostile)) {
  test(`hostile archive: ${what} is refused and leaves nothing`, async (t) => {
    const home = await house(t);
    mkdirSync(join(home.dataRoot, "victim"));
    const tar = await tarOf([{ name: "first", content: "kept until now" }, ...members]);
    const error = await t.throwsAsync(home.images.import(streamOf(tar), { message: "", changes: [] }), { instanceOf: NetError });
    t.is(error.code, "invalid", error.message);
    t.deepEqual(home.layerFolders(), []);
    t.deepEqual(home.images.list(), []);
    t.false(existsSync("/tmp/netloom-escaped"));
    t.false(existsSync("/etc/netloom-escaped"));
  });
}

test("what a failed start left is swept, what an image has is kept", async (t) => {
  const home = await unpacked(t, [{ name: "a", content: "x" }]);
  const kept = home.layerFolders();
  for (const name of [".tmp-abc", "ab".repeat(32)]) {
    mkdirSync(join(home.dataRoot, "layers", name, "diff"), { recursive: true });
    writeFileSync(join(home.dataRoot, "layers", name, "diff", "x"), "");
    symlinkSync("/etc", join(home.dataRoot, "layers", name, "diff", "link"));
  }
  await home.reopen();
  t.deepEqual(home.layerFolders(), kept);
  t.true(existsSync("/etc/passwd"));
});
