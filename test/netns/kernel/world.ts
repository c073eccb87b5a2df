import { mkdtemp, readdir, rm } from "node:fs/promises";
import type { ExecutionContext } from "ava";
import { linuxKernel } from "../../../src/kernel/linux.ts";
import { type Code, NetError } from "../../../src/model/errors.ts";
import type { Kernel, Netns } from "../../../src/model/kernel.ts";
import { must, type RunOptions } from "../../support/process.ts";

/** A host of the test's own, and the kernel interface that takes it for the host. */
export interface World extends AsyncDisposable {
  kernel: Kernel;
  host: Netns;
  folder: string;
  /** A sandbox, removed with the world. */
  sandbox(): Promise<Netns>;
  /** Runs a program in a namespace; returns its output. */
  run(where: Netns, argv: string[], options?: RunOptions): Promise<string>;
  /** What `ip -json -details` says there. */
  ip<T>(where: Netns, ...args: string[]): Promise<T[]>;
}

export async function world(): Promise<World> {
  const folder = await mkdtemp("/tmp/nl-kernel-");
  const outer = await linuxKernel();
  const host = await outer.createNetns(`${folder}/host`);
  const kernel = await linuxKernel({ host: host.path });
  const made: Netns[] = [];
  const run = (where: Netns, argv: string[], options?: RunOptions) => must(["nsenter", `--net=${where.path}`, "--", ...argv], options);
  return {
    kernel,
    host,
    folder,
    run,
    async sandbox() {
      const sandbox = await kernel.createNetns(`${folder}/sandbox${made.length}`);
      made.push(sandbox);
      return sandbox;
    },
    ip: async (where, ...args) => JSON.parse((await run(where, ["ip", "-json", "-details", ...args])) || "[]"),
    async [Symbol.asyncDispose]() {
      for (const { path } of made) await kernel.removeNetns(path);
      await kernel.close();
      await outer.removeNetns(host.path);
      await outer.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** How many descriptors this process has open. */
export async function openDescriptors(): Promise<number> {
  return (await readdir("/proc/self/fd")).length;
}

/** Fails unless the promise is rejected with such an error. */
export async function refuses(t: ExecutionContext, promise: Promise<unknown>, code: Code, message: string | RegExp, hint?: string) {
  const error = await t.throwsAsync<NetError>(promise, { instanceOf: NetError, message });
  t.is(error?.code, code);
  if (hint !== undefined) t.is(error?.hint, hint);
}
