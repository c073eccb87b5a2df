import module from "node:module";
import { Worker } from "node:worker_threads";
import { messageOf, NetError } from "../model/errors.ts";
import type { Dns } from "../model/name.ts";
import type { Reply, Request } from "./messages.ts";

/** What a query needs is prepared and lives long: a large nursery would only be memory that is never given back. */
const YOUNG_MB = 2;

/**
 * The file beside this one, as source or compiled. As source it is started by way of a line that turns on the cache of stripped sources, which
 * a thread does not take over: the compiler of types costs 20 MB for each thread that loads it.
 */
function entry(): URL {
  const isSource = import.meta.url.endsWith(".ts");
  const file = new URL(isSource ? "./worker.ts" : "./worker.js", import.meta.url);
  const cache = module.getCompileCacheDir();
  if (!isSource || cache === undefined) return file;
  const text = `import module from "node:module"; module.enableCompileCache(${JSON.stringify(cache)}); await import(${JSON.stringify(file.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}

/**
 * Starts the thread that answers names at 127.0.0.11 of every sandbox. A thread of its own, because a query must not wait for what the daemon
 * does, nor the daemon for ten thousand queries.
 * @throws unavailable when the thread cannot start
 */
export async function startDns(): Promise<Dns> {
  const worker = new Worker(entry(), { name: "dns", resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let numbers = 0;
  let end: NetError | undefined;
  let closing: Promise<void> | undefined;
  const failed = Promise.withResolvers<Error>();

  worker.on("message", ({ number, error }: Reply) => {
    const asked = waiting.get(number);
    waiting.delete(number);
    if (error) asked?.reject(new NetError(error.code, error.message));
    else asked?.resolve();
  });
  worker.on("error", (error) => fail(new NetError("unavailable", `the DNS server failed: ${messageOf(error)}`, { cause: error })));
  worker.on("exit", () => fail(new NetError("unavailable", "the DNS server has stopped")));
  await expect(numbers);

  return {
    set: (records) => call({ verb: "set", records }),
    change: (put, drop) => call({ verb: "change", put, drop }),
    serve: (view, sockets) =>
      call({ verb: "serve", view, sockets: sockets === undefined ? undefined : { udpFd: sockets.udpFd, tcpFd: sockets.tcpFd } }),
    stop: (sandboxId) => call({ verb: "stop", sandboxId }),
    failed: failed.promise,
    close: () => (closing ??= close()),
  };

  async function close(): Promise<void> {
    if (end) return;
    await call({ verb: "close" });
    await worker.terminate();
  }

  function call(request: Request): Promise<void> {
    if (end) return Promise.reject(end);
    const number = ++numbers;
    worker.postMessage({ number, request });
    return expect(number);
  }

  function expect(number: number): Promise<void> {
    const asked = Promise.withResolvers<void>();
    waiting.set(number, asked);
    return asked.promise;
  }

  /** The first reason is the one that is told to all who wait, and to all who come later. */
  function fail(reason: NetError): void {
    end ??= reason;
    if (closing === undefined) failed.resolve(end);
    for (const asked of waiting.values()) asked.reject(end);
    waiting.clear();
  }
}
