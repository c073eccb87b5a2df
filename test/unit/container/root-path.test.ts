import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { readInRoot, resolveInRoot } from "../../../src/container/root-path.ts";

const base = mkdtempSync(join(tmpdir(), "nlc-root-"));
const root = join(base, "root");
test.after.always(() => rmSync(base, { recursive: true, force: true }));

test.before(() => {
  mkdirSync(join(root, "etc/deep"), { recursive: true });
  writeFileSync(join(base, "secret"), "outside\n");
  writeFileSync(join(root, "etc/passwd"), "inside\n");
  writeFileSync(join(root, "secret"), "the root's own\n");
  symlinkSync("/etc/passwd", join(root, "absolute"));
  symlinkSync("../../../../../../secret", join(root, "etc/up"));
  symlinkSync("../etc", join(root, "etc/deep/folder"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync(base, join(root, "out"));
});

test("links lead to where a process inside would find itself", (t) => {
  t.is(readInRoot(root, "/etc/passwd"), "inside\n");
  t.is(readInRoot(root, "absolute"), "inside\n");
  t.is(readInRoot(root, "/etc/../../../etc/./passwd"), "inside\n");
  t.is(readInRoot(root, "/etc/up"), "the root's own\n");
  t.is(readInRoot(root, "/etc/deep/folder/passwd"), undefined);
  t.is(readInRoot(root, "/out/secret"), undefined);
});

test("what is not there, is no file, or never ends", (t) => {
  t.is(readInRoot(root, "/nosuch/passwd"), undefined);
  t.is(readInRoot(root, "/etc/passwd/x"), undefined);
  t.is(readInRoot(root, "/etc"), undefined);
  t.throws(() => readInRoot(root, "/loop"), { message: /too many levels/ });
});

test("where something really lies", (t) => {
  t.is(resolveInRoot(root, "/absolute"), join(root, "etc/passwd"));
  t.is(resolveInRoot(root, "/etc"), join(root, "etc"));
  t.is(resolveInRoot(root, "/"), root);
  t.is(resolveInRoot(root, "/nosuch"), undefined);
});
