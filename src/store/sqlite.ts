import { closeSync, fdatasync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { messageOf, NetError } from "../model/errors.ts";
import type { Store } from "../model/store.ts";
import { type Backend, backedStore } from "./backed-store.ts";
import { storeError } from "./sqlite-error.ts";

/** "nlom": marks the file as ours [sqlite.org/pragma.html#pragma_application_id]. */
const APPLICATION_ID = 0x6e6c6f6d;
/** Raised when a release writes what an older one would read wrongly. */
const SCHEMA_VERSION = 1;

const sync = promisify(fdatasync);

/**
 * A store in one SQLite file (and its `-wal`), readable by its owner only and locked for as long as it is open.
 * A write survives the process at once. `durable`: it survives the machine too once `flush` resolves; otherwise not, which is all that tmpfs
 * can do. The log is brought to the disk by fdatasync on the thread pool, because SQLite's own `synchronous = FULL` would hold the main thread
 * for the 2 to 4 ms of every commit; its frames have checksums, so a log that was cut ends at the last whole commit. [sqlite.org/wal.html]
 * @throws unavailable when the disk is full, conflict when another process has it open, unsupported when a newer netloom wrote it,
 * internal when the file is damaged.
 */
export function sqliteStore(path: string, options: { durable: boolean }): Store {
  const database = openFile(path);
  try {
    prepare(database, path, options.durable);
    return backedStore(backendOf(database, path, options.durable ? openLog(path) : undefined));
  } catch (error) {
    database.close();
    throw storeError(path, error);
  }
}

function openFile(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite would make it readable by all, and container environments hold secrets. The -wal file takes the mode over.
    closeSync(openSync(path, "a", 0o600));
    return new DatabaseSync(path);
  } catch (error) {
    throw new NetError("unavailable", `cannot open the store ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function prepare(database: DatabaseSync, path: string, durable: boolean): void {
  // The rows are cached in memory: a second writer must not exist. Exclusive locking also spares the -shm file.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (application !== APPLICATION_ID && (application !== 0 || version !== 0)) {
    throw new NetError("internal", `${path} is a database of another program`, { hint: "move it away, or choose another folder" });
  }
  if (version > SCHEMA_VERSION) {
    throw new NetError("unsupported", `${path} has schema version ${version}, but this netloom knows versions up to ${SCHEMA_VERSION}`, {
      hint: "run the newer netloom that wrote it, or choose another folder",
    });
  }
  database.exec("PRAGMA journal_mode = WAL");
  database.exec(`PRAGMA synchronous = ${durable ? "NORMAL" : "OFF"}`);
  const [finding] = database.prepare("PRAGMA quick_check(1)").all();
  if (finding?.quick_check !== "ok") {
    throw new NetError("internal", `${path} is damaged: ${finding?.quick_check}`, {
      hint: "restore it from a backup, or move it away to start empty",
    });
  }
  if (version < SCHEMA_VERSION) {
    database.exec(`BEGIN IMMEDIATE; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** The write-ahead log, which is there from the first read on and stays until the database is closed. */
function openLog(path: string): number {
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
  return openSync(`${path}-wal`, "a");
}

function backendOf(database: DatabaseSync, path: string, log: number | undefined): Backend {
  let level = 0;

  /** Runs one SQL call; its errors speak of the file. */
  function run<R>(call: () => R): R {
    // SQLite ends a transaction by itself on some errors (a full disk): what comes after must not be written on its own.
    if (level > 0 && !database.isTransaction)
      throw new NetError("unavailable", `a transaction on ${path} was lost: an earlier write failed`);
    try {
      return call();
    } catch (error) {
      throw storeError(path, error);
    }
  }

  return {
    name: path,
    open(name) {
      return run(() => {
        // The rowid alias is one more than the highest, which is the order of the first put.
        database.exec(
          `CREATE TABLE IF NOT EXISTS "${name}" (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, row TEXT NOT NULL) STRICT`,
        );
        const put = database.prepare(`INSERT INTO "${name}" (id, row) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET row = excluded.row`);
        const remove = database.prepare(`DELETE FROM "${name}" WHERE id = ?`);
        const rows = database.prepare(`SELECT row FROM "${name}" ORDER BY sequence`).all();
        return {
          texts: rows.map((row) => String(row.row)),
          put: (id, text) => void run(() => put.run(id, text)),
          delete: (id) => void run(() => remove.run(id)),
        };
      });
    },
    begin(to) {
      run(() => database.exec(to === 1 ? "BEGIN IMMEDIATE" : `SAVEPOINT level${to}`));
      level = to;
    },
    commit(from) {
      run(() => database.exec(from === 1 ? "COMMIT" : `RELEASE level${from}`));
      level = from - 1;
    },
    rollback(from) {
      level = from - 1;
      if (!database.isTransaction) return;
      run(() => database.exec(from === 1 ? "ROLLBACK" : `ROLLBACK TO level${from}; RELEASE level${from}`));
    },
    async flush() {
      if (log === undefined) return;
      try {
        await sync(log);
      } catch (error) {
        throw storeError(path, error);
      }
    },
    close() {
      database.close();
      if (log !== undefined) closeSync(log);
    },
  };
}
