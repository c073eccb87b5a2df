import type { Store } from "../model/store.ts";
import { backedStore } from "./backed-store.ts";

/** A store that is forgotten at the end: for tests and for the library without a daemon. It behaves as the one on disk does. */
export function memoryStore(): Store {
  return backedStore({
    name: "memory",
    open: () => ({ texts: [], put() {}, delete() {} }),
    begin() {},
    commit() {},
    rollback() {},
    async flush() {},
    close() {},
  });
}
