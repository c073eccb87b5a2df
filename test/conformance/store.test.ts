import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { NetError } from "../../src/model/errors.ts";
import type { Store } from "../../src/model/store.ts";
import { memoryStore, sqliteStore } from "../../src/store/index.ts";

interface Row {
  id: string;
  value: number;
  nested?: { list: string[] };
}

/** One store under test; `reopen` closes it and opens what was kept, and is absent where nothing is kept. */
interface Subject {
  store: Store;
  reopen?: () => Store;
}

const subjects: Record<string, (t: ExecutionContext) => Subject> = {
  memory: () => ({ store: memoryStore() }),
  "sqlite, durable": (t) => sqlite(t, true),
  "sqlite, not durable": (t) => sqlite(t, false),
};

function sqlite(t: ExecutionContext, durable: boolean): Subject {
  const folder = mkdtempSync(join(tmpdir(), "netloom-store-"));
  const path = join(folder, "state.db");
  let store = sqliteStore(path, { durable });
  t.teardown(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });
  return {
    store,
    reopen() {
      store.close();
      store = sqliteStore(path, { durable });
      return store;
    },
  };
}

for (const [name, make] of Object.entries(subjects)) {
  test(`${name}: rows are found by id and listed in the order of their first put`, (t) => {
    const { store, reopen } = make(t);
    const table = store.table<Row>("things");
    for (const id of ["c", "a", "b", "d"]) table.put({ id, value: 1 });
    table.put({ id: "a", value: 2 });
    table.delete("d");
    table.delete("c");
    table.delete("c");
    table.put({ id: "c", value: 3 });
    const expected = [
      { id: "a", value: 2 },
      { id: "b", value: 1 },
      { id: "c", value: 3 },
    ];
    t.deepEqual(table.all(), expected);
    t.deepEqual(table.get("a"), { id: "a", value: 2 });
    t.is(table.get("d"), undefined);
    if (reopen !== undefined) t.deepEqual(reopen().table<Row>("things").all(), expected);
  });

  test(`${name}: a row cannot be changed behind the store's back`, (t) => {
    const { store } = make(t);
    const table = store.table<Row>("things");
    const mine: Row = { id: "a", value: 1, nested: { list: ["x"] } };
    table.put(mine);
    mine.value = 2;
    mine.nested?.list.push("y");
    t.deepEqual(table.get("a"), { id: "a", value: 1, nested: { list: ["x"] } });
    t.throws(
      () => {
        const stored = table.get("a");
        if (stored !== undefined) stored.value = 3;
      },
      { instanceOf: TypeError },
    );
    t.throws(() => table.get("a")?.nested?.list.push("z"), { instanceOf: TypeError });
  });

  test(`${name}: a list that was given out does not change`, (t) => {
    const { store } = make(t);
    const table = store.table<Row>("things");
    table.put({ id: "a", value: 1 });
    const before = table.all();
    table.put({ id: "b", value: 1 });
    t.is(before.length, 1);
    t.is(table.all().length, 2);
  });

  test(`${name}: asking for a table twice gives the same rows`, (t) => {
    const { store } = make(t);
    store.table<Row>("things").put({ id: "a", value: 1 });
    t.is(store.table<Row>("things").get("a")?.value, 1);
    t.is(store.table<Row>("others").get("a"), undefined);
  });

  test(`${name}: a transaction that throws leaves rows and order as they were, in memory and in what is kept`, (t) => {
    const { store, reopen } = make(t);
    const table = store.table<Row>("things");
    const others = store.table<Row>("others");
    for (const id of ["a", "b", "c"]) table.put({ id, value: 1 });
    const before = table.all();
    const boom = t.throws(() =>
      store.transaction(() => {
        table.delete("a");
        table.put({ id: "a", value: 9 });
        table.put({ id: "b", value: 9 });
        table.delete("c");
        table.put({ id: "d", value: 9 });
        others.put({ id: "x", value: 9 });
        throw new NetError("conflict", "stop");
      }),
    );
    t.is(boom?.message, "stop");
    t.deepEqual(table.all(), before);
    t.deepEqual(others.all(), []);
    table.put({ id: "e", value: 1 });
    if (reopen !== undefined) {
      const again = reopen();
      t.deepEqual(
        again
          .table<Row>("things")
          .all()
          .map((row) => row.id),
        ["a", "b", "c", "e"],
      );
      t.deepEqual(again.table<Row>("others").all(), []);
    }
  });

  test(`${name}: a transaction returns the value of its body and keeps all of its writes`, (t) => {
    const { store, reopen } = make(t);
    const table = store.table<Row>("things");
    const count = store.transaction(() => {
      table.put({ id: "a", value: 1 });
      t.is(table.get("a")?.value, 1);
      table.put({ id: "b", value: 2 });
      return table.all().length;
    });
    t.is(count, 2);
    if (reopen !== undefined) t.is(reopen().table<Row>("things").all().length, 2);
  });

  test(`${name}: an inner transaction is taken back alone, or together with its outer one`, (t) => {
    const { store, reopen } = make(t);
    const table = store.table<Row>("things");
    store.transaction(() => {
      table.put({ id: "outer", value: 1 });
      t.throws(() =>
        store.transaction(() => {
          table.put({ id: "inner", value: 1 });
          throw new Error("inner");
        }),
      );
    });
    t.throws(() =>
      store.transaction(() => {
        store.transaction(() => table.put({ id: "done", value: 1 }));
        throw new Error("outer");
      }),
    );
    const ids = (from: Store) =>
      from
        .table<Row>("things")
        .all()
        .map((row) => row.id);
    t.deepEqual(ids(store), ["outer"]);
    if (reopen !== undefined) t.deepEqual(ids(reopen()), ["outer"]);
  });

  test(`${name}: a body that would wait is refused`, (t) => {
    const { store } = make(t);
    const table = store.table<Row>("things");
    const error = t.throws(() => store.transaction(async () => table.put({ id: "a", value: 1 })), { instanceOf: NetError });
    t.regex(error.message, /cannot wait/);
    t.deepEqual(table.all(), []);
  });

  test(`${name}: opening a table in a transaction, a bad name and use after close are refused`, (t) => {
    const { store } = make(t);
    t.throws(() => store.transaction(() => store.table("late")), { message: /before the transaction/ });
    t.throws(() => store.table("no such; --"), { message: /invalid table name/ });
    const table = store.table<Row>("things");
    store.close();
    store.close();
    t.throws(() => table.put({ id: "a", value: 1 }), { message: "the store is closed" });
    t.throws(() => store.transaction(() => 1), { message: "the store is closed" });
  });
}
