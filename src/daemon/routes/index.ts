import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { absentRoutes } from "./absent.ts";
import { archiveRoutes } from "./archive.ts";
import { attachRoutes } from "./attach.ts";
import { containerRoutes } from "./containers.ts";
import { execRoutes } from "./exec.ts";
import { imageTransferRoutes } from "./image-transfer.ts";
import { imageRoutes } from "./images.ts";
import { layerRoutes } from "./layers.ts";
import { logRoutes } from "./logs.ts";
import { networkRoutes } from "./networks.ts";
import { runRoutes } from "./run.ts";
import { statsRoutes } from "./stats.ts";
import { systemRoutes } from "./system.ts";
import { volumeRoutes } from "./volumes.ts";

/** Every path that is served, by topic. */
export function routes(app: FastifyInstance, context: Context): void {
  systemRoutes(app, context);
  networkRoutes(app, context);
  containerRoutes(app, context);
  runRoutes(app, context);
  logRoutes(app, context);
  attachRoutes(app, context);
  execRoutes(app, context);
  statsRoutes(app, context);
  archiveRoutes(app, context);
  layerRoutes(app, context);
  imageRoutes(app, context);
  imageTransferRoutes(app, context);
  volumeRoutes(app, context);
  absentRoutes(app);
}
