import { randomUUID } from "node:crypto";
import type { Store } from "../model/store.ts";

/** This daemon's own id: made once, kept in the data-root. */
export function identity(durable: Store): string {
  const table = durable.table<{ id: string; value: string }>("identity");
  const known = table.get("daemon");
  if (known !== undefined) return known.value;
  const value = randomUUID();
  table.put({ id: "daemon", value });
  return value;
}
