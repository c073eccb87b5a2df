import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { type FileTools, openImages } from "../../../../src/container/images/index.ts";
import type { Images } from "../../../../src/container/types.ts";
import { NetError } from "../../../../src/model/errors.ts";
import type { Log } from "../../../../src/model/log.ts";
import type { Store, Table } from "../../../../src/model/store.ts";

export interface House {
  images: Images;
  dataRoot: string;
  warnings: string[];
  tools: FileTools & { calls: string[] };
  /** What lies below `layers`, in order. */
  layerFolders(): string[];
  /** The tables that fail from now on. */
  storeFails(fails: boolean): void;
  reopen(): Promise<Images>;
}

/** Images in a folder of their own, with tools that only write down what they are asked. */
export async function house(t: ExecutionContext, tools?: FileTools): Promise<House> {
  const dataRoot = mkdtempSync(join(tmpdir(), "netloom-images-"));
  t.teardown(() => rmSync(dataRoot, { recursive: true }));
  const warnings: string[] = [];
  const note = (message: string, fields?: Record<string, unknown>) => void warnings.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const calls: string[] = [];
  const recorded: FileTools = tools ?? {
    makeNode: async (path, { kind, major, minor }) => void calls.push(`mknod ${path} ${kind} ${major}:${minor}`),
    setAttribute: async (path, name, value) => void calls.push(`setfattr ${path} ${name}=${value}`),
    syncFileSystem: async (path) => void calls.push(`sync ${path}`),
  };
  const { store, storeFails } = fakeStore();
  const open = () => openImages({ dataRoot, store, log, tools: recorded });
  return {
    images: await open(),
    dataRoot,
    warnings,
    tools: { ...recorded, calls },
    layerFolders: () => readdirSync(join(dataRoot, "layers")).sort(),
    storeFails,
    reopen: open,
  };
}

/** A store in maps, whose writes can be made to fail. */
export function fakeStore(): { store: Store; storeFails(fails: boolean): void } {
  const tables = new Map<string, Map<string, { id: string }>>();
  let failing = false;
  const refuse = () => {
    if (failing) throw new NetError("unavailable", "disk full");
  };
  const store: Store = {
    table<T extends { id: string }>(name: string): Table<T> {
      const rows = (tables.get(name) ?? new Map()) as Map<string, T>;
      tables.set(name, rows);
      return {
        get: (id) => rows.get(id),
        all: () => [...rows.values()],
        put(row) {
          refuse();
          rows.set(row.id, row);
        },
        delete(id) {
          refuse();
          rows.delete(id);
        },
      };
    },
    transaction: (body) => body(),
    async flush() {},
    close() {},
  };
  return {
    store,
    storeFails(fails) {
      failing = fails;
    },
  };
}
