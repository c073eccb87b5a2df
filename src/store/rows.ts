/** Takes back one change of the rows. Several are called last first. */
export type Undo = () => void;

/** The rows of one table in memory: frozen, by id, in the order in which they were first set. */
export interface Rows<T extends { id: string }> {
  get(id: string): T | undefined;
  all(): readonly T[];
  /** Keeps the place of a row that is there already. */
  set(row: T): Undo;
  delete(id: string): Undo;
}

/** Rows that were read before, in their order; every row must belong to nobody else, for it is frozen. */
export function rowsOf<T extends { id: string }>(initial: Iterable<T>): Rows<T> {
  const entries = new Map<string, { row: T; sequence: number }>();
  let nextSequence = 0;
  let listed: readonly T[] | undefined;
  // The undo of a delete puts an entry at the end of the map, so that the sequence must be asked for the order.
  let shuffled = false;

  function set(row: T): Undo {
    const before = entries.get(row.id);
    entries.set(row.id, { row: deepFreeze(row), sequence: before?.sequence ?? nextSequence++ });
    listed = undefined;
    return () => {
      if (before === undefined) entries.delete(row.id);
      else entries.set(row.id, before);
      listed = undefined;
    };
  }

  for (const row of initial) set(row);

  return {
    get: (id) => entries.get(id)?.row,
    all() {
      listed ??= Object.freeze(Array.from(inOrder(), (entry) => entry.row));
      return listed;
    },
    set,
    delete(id) {
      const before = entries.get(id);
      entries.delete(id);
      listed = undefined;
      return () => {
        if (before === undefined) return;
        entries.set(id, before);
        shuffled = true;
        listed = undefined;
      };
    },
  };

  function inOrder(): Iterable<{ row: T }> {
    if (shuffled) {
      const sorted = [...entries].sort(([, a], [, b]) => a.sequence - b.sequence);
      entries.clear();
      for (const [id, entry] of sorted) entries.set(id, entry);
      shuffled = false;
    }
    return entries.values();
  }
}

/** A caller that changes a row which it was given fails at once, instead of changing memory but not the disk. */
function deepFreeze<V>(value: V): V {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
