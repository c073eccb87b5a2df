import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { NetError } from "../../../src/model/errors.ts";
import { sqliteStore } from "../../../src/store/index.ts";

function folder(t: ExecutionContext): string {
  const made = mkdtempSync(join(tmpdir(), "netloom-sqlite-"));
  t.teardown(() => rmSync(made, { recursive: true }));
  return made;
}

function refused(t: ExecutionContext, path: string): NetError {
  return t.throws(() => sqliteStore(path, { durable: true }).close(), { instanceOf: NetError });
}

test("the folder is made, and only its owner can read the file", (t) => {
  const path = join(folder(t), "deep", "state.db");
  const store = sqliteStore(path, { durable: true });
  store.table("things").put({ id: "a" });
  for (const file of [path, `${path}-wal`]) t.is(statSync(file).mode & 0o777, 0o600);
  store.close();
});

test("a file of a newer schema is refused with both versions", (t) => {
  const path = join(folder(t), "state.db");
  sqliteStore(path, { durable: true }).close();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  const error = refused(t, path);
  t.is(error.code, "unsupported");
  t.is(error.message, `${path} has schema version 99, but this netloom knows versions up to 1`);
});

test("a database of another program is left alone", (t) => {
  const path = join(folder(t), "state.db");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA application_id = 42");
  database.close();
  t.regex(refused(t, path).message, /is a database of another program/);
});

test("a file that is no database, and one with a broken page, are refused by path", (t) => {
  const path = join(folder(t), "state.db");
  writeFileSync(path, "this is not a database at all, but a text of some length ".repeat(100));
  const text = refused(t, path);
  t.true(text.message.startsWith(`${path} is damaged: `), text.message);
  t.truthy(text.hint);

  const broken = join(folder(t), "broken.db");
  const store = sqliteStore(broken, { durable: true });
  const table = store.table<{ id: string; text: string }>("things");
  for (let i = 0; i < 200; i++) table.put({ id: `row ${i}`, text: "x".repeat(200) });
  store.close();
  const bytes = readFileSync(broken);
  bytes.fill(0xff, 4096, 5 * 4096);
  writeFileSync(broken, bytes);
  t.true(refused(t, broken).message.startsWith(`${broken} is damaged: `));
});

test("a row that is not JSON is told with its table and file", (t) => {
  const path = join(folder(t), "state.db");
  const store = sqliteStore(path, { durable: true });
  store.table("things").put({ id: "a" });
  store.close();
  const database = new DatabaseSync(path);
  database.exec("UPDATE things SET row = '{'");
  database.close();
  const again = sqliteStore(path, { durable: true });
  t.throws(() => again.table("things"), { message: `table things of ${path} has a row that is not JSON: {` });
  again.close();
});

test("a second opener is told that the file is in use", (t) => {
  const path = join(folder(t), "state.db");
  const store = sqliteStore(path, { durable: true });
  store.table("things").put({ id: "a" });
  t.is(refused(t, path).code, "conflict");
  store.close();
});

test("a path that cannot be opened is told", (t) => {
  const path = join(folder(t), "state.db");
  mkdirSync(path);
  t.is(refused(t, path).code, "unavailable");
});

test("what a killed process had written is there", async (t) => {
  const path = join(folder(t), "state.db");
  const child = join(import.meta.dirname, "fixtures", "write-and-die.ts");
  await t.throwsAsync(promisify(execFile)(process.execPath, [child, path]), { message: /Command failed/ });
  const store = sqliteStore(path, { durable: true });
  t.deepEqual(
    store
      .table("things")
      .all()
      .map((row) => row.id),
    ["a", "b"],
  );
  store.close();
});

test("on a full disk a write fails clearly and memory stays as the disk is", async (t) => {
  const child = join(import.meta.dirname, "fixtures", "fill-disk.ts");
  const mountAndRun = 'mount -t tmpfs -o size=400k tmpfs "$0" && exec "$1" "$2" "$0"';
  const argv = ["--user", "--map-root-user", "--mount", "sh", "-c", mountAndRun, folder(t), process.execPath, child];
  const { stdout } = await promisify(execFile)("unshare", argv);
  const told = JSON.parse(stdout);
  t.is(told.code, "unavailable");
  t.regex(told.message, /cannot write to .*state\.db: database or disk is full/);
  t.is(told.single.memory, told.single.disk);
  t.true(told.single.memory > 0);
  t.is(told.swallowed.code, "unavailable");
  t.is(told.swallowed.rowsInMemory, told.swallowed.rowsBefore);
});
