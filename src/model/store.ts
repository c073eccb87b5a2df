/** Rows of one kind, by id, in the order in which they were first put. Reads are from memory, writes go through before they return. */
export interface Table<T extends { id: string }> {
  get(id: string): T | undefined;
  put(row: T): void;
  /** Absence is success. */
  delete(id: string): void;
  all(): readonly T[];
}

export interface Store {
  table<T extends { id: string }>(name: string): Table<T>;
  /** All writes of `body` or none of them. */
  transaction<R>(body: () => R): R;
  /**
   * Resolves when everything that was put so far would outlive a power cut. What was put outlives our own end at once, and reaches the disk
   * soon in any case: only who promises it to somebody waits here.
   * @throws unavailable when the disk does not take it
   */
  flush(): Promise<void>;
  close(): void;
}
