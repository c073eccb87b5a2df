import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Store } from "../model/store.ts";
import type { PlannedMount } from "./spec/mount-wishes.ts";
import type { Container, ContainerState } from "./types.ts";

/** As it is stored: with what was decided at create. */
export interface Row extends Container {
  mounts: PlannedMount[];
}

export const NEVER = "0001-01-01T00:00:00Z";

/** RFC 3339 in UTC; the last six digits of the nanoseconds are zero. */
export function now(): string {
  return timeText(BigInt(Date.now()) * 1_000_000n);
}

/** @param nanos since 1970. */
export function timeText(nanos: bigint): string {
  const seconds = new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(nanos % 1_000_000_000n).padStart(9, "0")}Z`;
}

export interface Rows {
  all(): readonly Row[];
  get(id: Id): Row | undefined;
  /** @throws notFound */
  must(id: Id): Row;
  put(row: Row): void;
  /** @throws notFound */
  patch(id: Id, change: Partial<Row>): Row;
  setState(id: Id, change: Partial<ContainerState>): Row;
  delete(id: Id): void;
  /** Does its process live? @throws conflict `container X is not running` */
  mustRun(id: Id): Row;
}

export function openRows(store: Store): Rows {
  const table = store.table<Row>("containers");

  function must(id: Id): Row {
    const row = table.get(id);
    if (row === undefined) throw new NetError("notFound", `No such container: ${id}`);
    return row;
  }

  function patch(id: Id, change: Partial<Row>): Row {
    table.put({ ...must(id), ...change });
    return must(id);
  }

  return {
    all: () => table.all(),
    get: (id) => table.get(id),
    must,
    put: (row) => table.put(row),
    patch,
    setState: (id, change) => patch(id, { state: { ...must(id).state, ...change } }),
    delete: (id) => table.delete(id),
    mustRun(id) {
      const row = must(id);
      if (!isLive(row)) throw new NetError("conflict", `container ${id} is not running`);
      return row;
    },
  };
}

/** Has it a process, be it paused or not? */
export function isLive({ state }: Container): boolean {
  return state.status === "running" || state.status === "paused";
}
