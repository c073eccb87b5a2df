import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { createClosing } from "./closing.ts";
import type { Context } from "./context.ts";
import { createLifecycle } from "./lifecycle/index.ts";
import { type Listener, listen } from "./listen.ts";
import { createServer } from "./server.ts";
import type { Address, DaemonDeps } from "./types.ts";
import { openVolumes } from "./volumes.ts";

export { refuseTaken } from "./listen.ts";
export type { Address, DaemonDeps, DaemonInfo } from "./types.ts";

/** The Docker Engine API over one controller and one container room. */
export interface Daemon {
  /** A request without a socket, for tests and for whoever lives in the same process. */
  inject: FastifyInstance["inject"];
  /** @returns the address as it is printed. @throws conflict when a daemon listens there, invalid for TCP without mutual TLS. */
  listen(address: Address): Promise<string>;
  /** Stops serving. Containers and networks stay as they are. */
  close(): Promise<void>;
}

/** Deals with ends of containers from now on and brings back what restart policies ask for. Serves when it is told to listen. */
export async function startDaemon(deps: DaemonDeps): Promise<Daemon> {
  const volumes = openVolumes(deps.info.dataRoot, deps.containers);
  const lifecycle = createLifecycle(deps, volumes);
  const closing = createClosing();
  const context: Context = { ...deps, volumes, lifecycle, closing, upgrades: new WeakMap() };
  const app = createServer(context);
  await app.ready();
  lifecycle.restore();
  const listeners: Listener[] = [];
  const route = (request: IncomingMessage, response: ServerResponse) => app.routing(request, response);
  return {
    inject: app.inject.bind(app) as FastifyInstance["inject"],
    async listen(address) {
      const listener = await listen(address, route, context.upgrades);
      listeners.push(listener);
      return listener.address;
    },
    async close() {
      lifecycle.close();
      closing.begin();
      await Promise.all(listeners.splice(0).map((listener) => listener.close()));
      await app.close();
    },
  };
}
