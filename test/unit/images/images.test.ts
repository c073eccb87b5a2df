import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import type { Images } from "../../../src/container/types.ts";
import { NetError } from "../../../src/model/errors.ts";
import { type House, house } from "./helpers/house.ts";
import { filesOf, type Member, streamOf, tarOf } from "./helpers/tar.ts";

const free = { force: false, inUse: () => undefined };
const sha = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");

async function importOf(images: Images, content: string, reference?: string, changes: string[] = []): Promise<string> {
  const tar = await tarOf([{ name: "file", content }]);
  return images.import(streamOf(tar), { message: "", changes, ...(reference === undefined ? {} : { reference }) });
}

async function lines(all: AsyncIterable<string>): Promise<string[]> {
  return Array.fromAsync(all);
}

async function refused(t: ExecutionContext, deed: Promise<unknown>): Promise<[string, string]> {
  const error = await t.throwsAsync(deed, { instanceOf: NetError });
  return [error.code, error.message];
}

test("import: one layer, named by digests, with what the changes say", async (t) => {
  const { images } = await house(t);
  const tar = await tarOf([{ name: "www/index.html", content: "hello\n" }]);
  const id = await images.import(streamOf(tar), { reference: "shim:1", message: "a message", changes: ['CMD ["/bin/sh"]', "LABEL l=1"] });
  const image = images.find("shim:1");
  t.is(image.id, id);
  t.deepEqual(image.repoTags, ["shim:1"]);
  t.deepEqual(image.layers, [`sha256:${sha(tar)}`]);
  t.is(image.size, 6);
  t.is(image.comment, "a message");
  t.deepEqual(image.labels, { l: "1" });
  t.deepEqual(image.config, { Cmd: ["/bin/sh"], Labels: { l: "1" } });
  t.deepEqual(image.history, [{ createdAt: image.createdAt, createdBy: "", comment: "a message", size: 6, empty: false }]);
  t.is(image.created, Math.floor(Date.parse(image.createdAt) / 1000));
  t.is(readFileSync(join(images.layerDirs(id)[0] ?? "", "www/index.html"), "utf8"), "hello\n");
});

for (const [name, pack] of [
  ["gzip", gzipSync],
  ["zstd", zstdCompressSync],
] as const) {
  test(`import: ${name} makes the same layer`, async (t) => {
    const { images, layerFolders } = await house(t);
    const tar = await tarOf([{ name: "file", content: "x".repeat(10_000) }]);
    await images.import(streamOf(pack(tar), 7), { message: "", changes: [] });
    await images.import(streamOf(tar), { message: "", changes: [] });
    t.deepEqual(layerFolders(), [sha(tar)]);
  });
}

test("import: what is refused keeps nothing", async (t) => {
  const { images, layerFolders, storeFails } = await house(t);
  const tar = await tarOf([{ name: "file", content: "x".repeat(5000) }]);
  const run = (bytes: Buffer, options: { reference?: string; changes?: string[] } = {}) =>
    refused(t, images.import(streamOf(bytes), { message: "", changes: [], ...options }));
  t.deepEqual(await run(Buffer.from("no archive, but a text. ".repeat(100))), ["invalid", "archive/tar: invalid tar header"]);
  t.deepEqual(await run(Buffer.alloc(0)), ["invalid", "unexpected EOF"]);
  t.deepEqual(await run(Buffer.from("short")), ["invalid", "unexpected EOF"]);
  t.deepEqual(await run(tar.subarray(0, 3000)), ["invalid", "unexpected EOF"]);
  t.deepEqual(await run(gzipSync(tar).subarray(0, 60)), ["invalid", "unexpected EOF"]);
  t.is((await run(Buffer.concat([gzipSync(tar).subarray(0, 20), Buffer.alloc(100, 0xff)])))[0], "invalid");
  t.is((await run(Buffer.from("fd377a585a000001", "hex")))[0], "unsupported");
  t.deepEqual(await run(tar, { changes: ["RUN x"] }), ["invalid", "RUN is not a valid change command"]);
  t.deepEqual(await run(tar, { reference: "a b" }), ["invalid", "invalid reference format"]);
  t.deepEqual(await run(tar, { reference: `a@sha256:${sha("x")}` }), ["invalid", "cannot import digest reference"]);
  storeFails(true);
  t.deepEqual(await run(tar, { reference: "a" }), ["unavailable", "disk full"]);
  t.deepEqual(layerFolders(), []);
  t.deepEqual(images.list(), []);
});

test("import: a source that fails is the reason", async (t) => {
  const { images, layerFolders } = await house(t);
  const tar = await tarOf([{ name: "file", content: "x".repeat(5000) }]);
  const source = Readable.from(
    (async function* () {
      yield tar.subarray(0, 2000);
      throw Object.assign(new Error("aborted"), { code: "ECONNRESET" });
    })(),
    { objectMode: false },
  );
  t.deepEqual(await refused(t, images.import(source, { message: "", changes: [] })), ["invalid", "unexpected EOF"]);
  t.deepEqual(layerFolders(), []);
});

test("find: by name, id, beginning of an id; else it says which name was looked for", async (t) => {
  const { images } = await house(t);
  const id = await importOf(images, "a", "alpine");
  for (const ref of ["alpine", "alpine:latest", "docker.io/library/alpine", id, id.slice(7), id.slice(7, 19), id.slice(0, 20)]) {
    t.is(images.find(ref).id, id, ref);
  }
  const missing = (ref: string) => t.throws(() => images.find(ref), { instanceOf: NetError }).message;
  t.is(missing("nosuch"), "No such image: nosuch:latest");
  t.is(missing("nosuch:1"), "No such image: nosuch:1");
  t.is(missing(`sha256:${"0".repeat(64)}`), `No such image: sha256:${"0".repeat(64)}`);
  t.is(missing("a b"), "invalid reference format");
});

test("a name of hex digits is a name, also when an id begins with it", async (t) => {
  const { images } = await house(t);
  const id = await importOf(images, "1");
  const digits = id.slice(7, 9);
  images.tag(id, digits, "");
  images.tag(id, "other", "");
  t.deepEqual(await images.remove(digits, free), [{ untagged: `${digits}:latest` }]);
  t.is(images.find(digits).id, id);
});

test("tag: a name moves from one image to another", async (t) => {
  const { images } = await house(t);
  const first = await importOf(images, "1", "a");
  const second = await importOf(images, "2");
  images.tag(first, "docker.io/other/name", "v2");
  t.deepEqual(images.find(first).repoTags, ["a:latest", "other/name:v2"]);
  images.tag(second, "a", "");
  t.is(images.find("a").id, second);
  t.deepEqual(images.find(first).repoTags, ["other/name:v2"]);
  t.throws(() => images.tag("nosuch", "b", ""), { message: "No such image: nosuch:latest" });
  t.throws(() => images.tag(first, "b", "no good"), { message: "invalid tag format" });
  t.throws(() => images.tag(first, `b@sha256:${sha("")}`, ""), { message: "refusing to create a tag with a digest reference" });
});

test("remove: by name, then with the last name the image and the layers of its own", async (t) => {
  const { images, layerFolders } = await house(t);
  const id = await importOf(images, "same", "a");
  const other = await importOf(images, "same", "b", ["USER me"]);
  images.tag("a", "other/name", "v2");
  t.deepEqual(await images.remove("other/name:v2", free), [{ untagged: "other/name:v2" }]);
  t.deepEqual(await images.remove("a", free), [{ untagged: "a:latest" }, { deleted: id }]);
  const [layer] = images.find(other).layers;
  t.deepEqual(await images.remove(other, free), [{ untagged: "b:latest" }, { deleted: other }, { deleted: layer ?? "" }]);
  t.deepEqual(layerFolders(), []);
  t.deepEqual(await refused(t, images.remove("nosuch:1", free)), ["notFound", "No such image: nosuch:1"]);
});

test("remove: what is in use or named twice is kept, as dockerd says it", async (t) => {
  const { images } = await house(t);
  const id = await importOf(images, "a", "alpine");
  const short = id.slice(7, 19);
  const container = "0cfd51009588".padEnd(64, "0");
  const used = (running: boolean, force = false) => ({ force, inUse: () => ({ id: container, running }) });
  t.deepEqual(await refused(t, images.remove("alpine:latest", used(false))), [
    "conflict",
    `conflict: unable to remove repository reference "alpine:latest" (must force) - container 0cfd51009588 is using its referenced image ${short}`,
  ]);
  const byId = async (options: Parameters<Images["remove"]>[1]) => (await refused(t, images.remove(id, options)))[1];
  t.is(
    await byId(used(false)),
    `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container 0cfd51009588`,
  );
  t.is(
    await byId(used(true)),
    `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container 0cfd51009588`,
  );
  t.is(
    await byId(used(true, true)),
    `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container 0cfd51009588`,
  );
  images.tag("alpine", "other", "");
  t.is(await byId(free), `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`);
  t.deepEqual(await images.remove("other", used(true)), [{ untagged: "other:latest" }]);
  t.deepEqual(await images.remove("alpine:latest", used(true, true)), [{ untagged: "alpine:latest" }]);
  t.deepEqual(images.find(id).repoTags, []);
});

test("prune: images without a name, or all that nobody uses", async (t) => {
  const { images, layerFolders } = await house(t);
  const nameless = await importOf(images, "12345");
  const named = await importOf(images, "123", "named");
  const used = await importOf(images, "1", "used");
  const first = await images.prune({ all: false, inUse: () => false });
  t.deepEqual(first.deleted[0], { deleted: nameless });
  t.is(first.reclaimed, 5);
  const second = await images.prune({ all: true, inUse: (id) => id === used });
  t.deepEqual(second.deleted.slice(0, 2), [{ untagged: "named:latest" }, { deleted: named }]);
  t.is(second.reclaimed, 3);
  t.deepEqual(
    images.list().map(({ id }) => id),
    [used],
  );
  t.is(layerFolders().length, 1);
});

test("save and load: byte for byte the same image, once or twice named", async (t) => {
  const { images } = await house(t);
  const id = await importOf(images, "x".repeat(300_000), "alpine", ["ENV A=b"]);
  images.tag("alpine", "other/name", "v2");
  const before = images.find(id);
  const saved = await buffer(await images.save(["alpine:latest", "other/name:v2"]));
  const files = await filesOf(streamOf(saved));
  const [layer = ""] = before.layers;
  t.deepEqual(JSON.parse(String(files.get("manifest.json")))[0].RepoTags, ["alpine:latest", "other/name:v2"]);
  for (const [name, content] of files) if (/^blobs\/sha256\/./.test(name)) t.is(sha(content), name.slice("blobs/sha256/".length));
  t.true(files.has(`blobs/${layer.replace(":", "/")}`));

  const target = await house(t);
  t.deepEqual(await lines(target.images.load(streamOf(gzipSync(saved)))), ["Loaded image: alpine:latest", "Loaded image: other/name:v2"]);
  const after = target.images.find("alpine");
  t.deepEqual({ ...after, lastTagTime: "" }, { ...before, lastTagTime: "" });
  t.deepEqual(await lines(target.images.load(streamOf(saved))), ["Loaded image: alpine:latest", "Loaded image: other/name:v2"]);
  t.is(target.images.list().length, 1);
});

test("save: all tags of a repository, or an image by its id; what is missing is told before the stream", async (t) => {
  const { images } = await house(t);
  const id = await importOf(images, "a", "app:1");
  images.tag("app:1", "app", "2");
  const tagsIn = async (refs: string[]) =>
    JSON.parse(String((await filesOf(await images.save(refs))).get("manifest.json"))).map((m: { RepoTags: unknown }) => m.RepoTags);
  t.deepEqual(await tagsIn(["app"]), [["app:1", "app:2"]]);
  t.deepEqual(await tagsIn([id]), [null]);
  t.deepEqual(await refused(t, images.save(["app:1", "nosuch"])), ["notFound", "No such image: nosuch:latest"]);
});

test("save: a reader that goes away lets the layers go, and a removal meanwhile does not harm him", async (t) => {
  const { images, layerFolders } = await house(t);
  const id = await importOf(images, "x".repeat(2_000_000), "a");
  const stream = await images.save(["a"]);
  await images.remove(id, free);
  t.is(layerFolders().length, 1);
  t.true((await filesOf(stream)).has("manifest.json"));
  await layersGone(layerFolders);

  await importOf(images, "x".repeat(2_000_000), "b");
  const left = await images.save(["b"]);
  for await (const _ of left) break;
  const unread = await images.save(["b"]);
  await images.remove("b", free);
  t.is(layerFolders().length, 1);
  unread.destroy();
  await layersGone(layerFolders);
});

/** The layers are let go when the stream has closed, which nobody waits for. */
async function layersGone(layerFolders: () => string[]): Promise<void> {
  const deadline = AbortSignal.timeout(5000);
  while (layerFolders().length > 0) {
    deadline.throwIfAborted();
    await setImmediate();
  }
}

/** An archive of two layers, as `docker save` of old wrote it, with whatever is changed. */
async function dockerArchive(change: { config?: object; layers?: string[]; tags?: string[] | null; extra?: Member[] } = {}) {
  const lower = await tarOf([{ name: "lower", content: "1" }]);
  const upper = await tarOf([{ name: "upper", content: "22" }]);
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [`sha256:${sha(lower)}`, `sha256:${sha(upper)}`] },
    history: [{ created_by: "ADD lower" }, { created_by: "ENV", empty_layer: true }, { created_by: "ADD upper" }],
    ...change.config,
  });
  const manifest = [
    {
      Config: `${sha(config)}.json`,
      RepoTags: change.tags === undefined ? ["two:1"] : change.tags,
      Layers: change.layers ?? ["l/layer.tar", "u/layer.tar"],
    },
  ];
  const members: Member[] = [
    { name: `${sha(config)}.json`, content: config },
    { name: "l/layer.tar", content: gzipSync(lower) },
    { name: "u/layer.tar", content: upper },
    { name: "x/layer.tar", type: "symlink", linkname: "../l/layer.tar" },
    ...(change.extra ?? []),
    { name: "manifest.json", content: JSON.stringify(manifest) },
  ];
  return { tar: await tarOf(members), id: `sha256:${sha(config)}`, lower: `sha256:${sha(lower)}`, upper: `sha256:${sha(upper)}` };
}

test("load: layers in their order, compressed or behind a link; history has their sizes", async (t) => {
  const { images } = await house(t);
  const { tar, id, lower, upper } = await dockerArchive({ layers: ["x/layer.tar", "u/layer.tar"] });
  t.deepEqual(await lines(images.load(streamOf(tar))), ["Loaded image: two:1"]);
  const image = images.find("two:1");
  t.is(image.id, id);
  t.deepEqual(image.layers, [lower, upper]);
  t.deepEqual(
    image.history.map(({ createdBy, size, empty }) => [createdBy, size, empty]),
    [
      ["ADD lower", 1, false],
      ["ENV", 0, true],
      ["ADD upper", 2, false],
    ],
  );
  t.deepEqual(
    images.layerDirs(id).map((folder) => folder.split("/").at(-2)),
    [lower.slice(7), upper.slice(7)],
  );
  const chain = `sha256:${sha(`${lower} ${upper}`)}`;
  t.deepEqual(await images.remove("two:1", free), [{ untagged: "two:1" }, { deleted: id }, { deleted: chain }, { deleted: lower }]);
});

test("load: an image without a name is told by its id, and one that takes a name says so", async (t) => {
  const { images } = await house(t);
  const nameless = await dockerArchive({ tags: null });
  t.deepEqual(await lines(images.load(streamOf(nameless.tar))), [`Loaded image ID: ${nameless.id}`]);
  const before = await importOf(images, "other", "two:1");
  const named = await dockerArchive();
  t.deepEqual(await lines(images.load(streamOf(named.tar))), [
    `The image two:1 already exists, renaming the old one with ID ${before} to empty string`,
    "Loaded image: two:1",
  ]);
});

test("load: an OCI layout, the platform of this host, nested indexes", async (t) => {
  const { images } = await house(t);
  const layer = await tarOf([{ name: "file", content: "x" }]);
  const blobs: Member[] = [];
  const add = (content: Buffer | string) => {
    const digest = sha(content);
    blobs.push({ name: `blobs/sha256/${digest}`, content });
    return { digest: `sha256:${digest}`, size: content.length };
  };
  const packed = add(gzipSync(layer));
  const build = (architecture: string) => {
    const config = add(JSON.stringify({ architecture, os: "linux", rootfs: { type: "layers", diff_ids: [`sha256:${sha(layer)}`] } }));
    return {
      id: config.digest,
      descriptor: { ...add(JSON.stringify({ schemaVersion: 2, config, layers: [packed] })), platform: { architecture, os: "linux" } },
    };
  };
  const ours = build(process.arch === "arm64" ? "arm64" : "amd64");
  const inner = add(JSON.stringify({ schemaVersion: 2, manifests: [build("s390x").descriptor, ours.descriptor] }));
  const annotations = { "io.containerd.image.name": "docker.io/library/multi:1" };
  const index = JSON.stringify({ schemaVersion: 2, manifests: [{ ...inner, annotations }] });
  const tar = await tarOf([...blobs, { name: "oci-layout", content: "{}" }, { name: "index.json", content: index }]);
  t.deepEqual(await lines(images.load(streamOf(tar))), ["Loaded image: multi:1"]);
  t.is(images.find("multi:1").id, ours.id);

  const foreign = build("riscv128").descriptor;
  const others = JSON.stringify({ manifests: [foreign, { ...foreign, platform: { architecture: "s390x", os: "linux" } }] });
  const message = (await refused(t, lines(images.load(streamOf(await tarOf([...blobs, { name: "index.json", content: others }]))))))[1];
  t.regex(message, /^no image for linux\//);
});

test("load: what is damaged is refused, and nothing of it is kept", async (t) => {
  const home: House = await house(t);
  const { images, layerFolders, storeFails } = home;
  const run = async (tar: Buffer) => {
    const told = await refused(t, lines(images.load(streamOf(tar))));
    t.deepEqual(layerFolders(), [], told[1]);
    return told;
  };
  const good = await dockerArchive();
  t.deepEqual(await run(Buffer.from("this is no archive ".repeat(400))), ["invalid", "archive/tar: invalid tar header"]);
  t.deepEqual(await run(Buffer.alloc(0)), ["invalid", "unexpected EOF"]);
  t.deepEqual(await run(good.tar.subarray(0, 1700)), ["invalid", "unexpected EOF"]);
  t.deepEqual(await run(await tarOf([{ name: "etc/passwd", content: "" }])), [
    "invalid",
    "invalid archive: does not contain a manifest.json",
  ]);
  const missing = await dockerArchive({ layers: ["l/layer.tar", "nosuch/layer.tar"] });
  t.deepEqual(await run(missing.tar), ["invalid", "invalid archive: does not contain nosuch/layer.tar"]);
  const swapped = await dockerArchive({ layers: ["u/layer.tar", "l/layer.tar"] });
  t.deepEqual(await run(swapped.tar), ["invalid", `invalid diffID for layer 0: expected "${good.lower}", got "${good.upper}"`]);
  const few = await dockerArchive({ layers: ["l/layer.tar"] });
  t.deepEqual(await run(few.tar), ["invalid", "invalid manifest, layers length mismatch: expected 1, got 2"]);
  const windows = await dockerArchive({ config: { os: "windows" } });
  t.deepEqual(await run(windows.tar), ["invalid", "cannot load windows image on linux"]);
  const shape = await dockerArchive({ config: { config: { Env: "A=b" } } });
  t.regex((await run(shape.tar))[1], /^invalid image configuration: \/config/);
  const blob = await dockerArchive({ extra: [{ name: `blobs/sha256/${"0".repeat(64)}`, content: "x" }] });
  t.is((await run(blob.tar))[1], `invalid archive: the digest of blobs/sha256/${"0".repeat(64)} is sha256:${sha("x")}`);
  const renamed = Buffer.from(good.tar);
  renamed.write("0".repeat(10), 0);
  t.is((await run(renamed))[0], "invalid");
  const badTag = await dockerArchive({ tags: ["Upper:1"] });
  t.is(
    (await run(badTag.tar))[1],
    "invalid reference format: repository name (Upper) must be lowercase".replace("(Upper)", "(library/Upper)"),
  );
  storeFails(true);
  t.deepEqual(await run(good.tar), ["unavailable", "disk full"]);
  t.deepEqual(images.list(), []);
});

test("two imports of the same archive at once make one layer", async (t) => {
  const { images, layerFolders } = await house(t);
  await Promise.all([importOf(images, "same", "a", ["USER a"]), importOf(images, "same", "b", ["USER b"])]);
  t.is(layerFolders().length, 1);
  t.is(images.list().length, 2);
});
