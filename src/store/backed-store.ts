import { messageOf, NetError } from "../model/errors.ts";
import type { Store, Table } from "../model/store.ts";
import { createFlusher } from "./flusher.ts";
import { type Rows, rowsOf, type Undo } from "./rows.ts";

/** Where rows are kept beyond memory. Every method either does its work or throws and has done nothing. */
export interface Backend {
  /** What messages call it: the path of its file. */
  readonly name: string;
  /** The rows' JSON texts in the order of their first put, and how to write. */
  open(name: string): { texts: Iterable<string>; put(id: string, text: string): void; delete(id: string): void };
  /** Level 1 is the outermost transaction; deeper ones can be rolled back alone. */
  begin(level: number): void;
  commit(level: number): void;
  rollback(level: number): void;
  /** What was committed so far is on the disk when it resolves. */
  flush(): Promise<void>;
  close(): void;
}

/**
 * A store whose reads are from memory and whose writes go to the backend first, so that memory never has what the backend refused.
 * Rows are kept as their JSON would be read back, frozen: changing one in place throws a TypeError; put a copy.
 */
export function backedStore(backend: Backend): Store {
  const open = new Map<string, unknown>();
  // One list of undos per transaction that is under way, the outermost first.
  const journals: Undo[][] = [];
  const flusher = createFlusher(backend.flush);
  let closed = false;

  return { table, transaction, flush: () => flusher.flush(), close };

  function table<T extends { id: string }>(name: string): Table<T> {
    const known = open.get(name);
    if (known !== undefined) return known as Table<T>;
    mustBeOpen();
    if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new NetError("internal", `invalid table name: ${name}`);
    // A rollback would take the table itself away under the hands of those who hold it.
    if (journals.length > 0) throw new NetError("internal", `table ${name} must be opened before the transaction, not in it`);
    const kept = backend.open(name);
    const rows = rowsOf(parsed<T>(`table ${name} of ${backend.name}`, kept.texts));
    const made = tableOf(rows, kept);
    open.set(name, made);
    return made;
  }

  function tableOf<T extends { id: string }>(rows: Rows<T>, kept: ReturnType<Backend["open"]>): Table<T> {
    return {
      get: rows.get,
      all: rows.all,
      put(row) {
        mustBeOpen();
        const text = JSON.stringify(row);
        kept.put(row.id, text);
        flusher.soon();
        note(rows.set(JSON.parse(text) as T));
      },
      delete(id) {
        mustBeOpen();
        if (rows.get(id) === undefined) return;
        kept.delete(id);
        flusher.soon();
        note(rows.delete(id));
      },
    };
  }

  function note(undo: Undo): void {
    journals.at(-1)?.push(undo);
  }

  function transaction<R>(body: () => R): R {
    mustBeOpen();
    const level = journals.length + 1;
    backend.begin(level);
    const journal: Undo[] = [];
    journals.push(journal);
    try {
      const result = body();
      if (isThenable(result)) throw new NetError("internal", "a transaction cannot wait: its body returned a promise");
      backend.commit(level);
      journals.pop();
      journals.at(-1)?.push(...journal);
      return result;
    } catch (error) {
      journals.pop();
      for (const undo of journal.reverse()) undo();
      rollback(level, error);
      throw error;
    }
  }

  function rollback(level: number, why: unknown): void {
    try {
      backend.rollback(level);
    } catch (error) {
      throw new NetError("internal", `cannot roll back on ${backend.name}: ${messageOf(error)}`, {
        cause: new AggregateError([why, error]),
      });
    }
  }

  function close(): void {
    if (closed) return;
    closed = true;
    backend.close();
  }

  function mustBeOpen(): void {
    if (closed) throw new NetError("internal", "the store is closed");
  }
}

function* parsed<T>(where: string, texts: Iterable<string>): Generator<T> {
  for (const text of texts) {
    try {
      yield JSON.parse(text) as T;
    } catch (error) {
      throw new NetError("internal", `${where} has a row that is not JSON: ${text.slice(0, 60)}`, { cause: error });
    }
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
