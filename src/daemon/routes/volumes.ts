import type { FastifyInstance } from "fastify";
import { NetError } from "../../model/errors.ts";
import { readJson } from "../body.ts";
import type { Context } from "../context.ts";
import { type Filters, fitsName, parseFilters } from "../filters.ts";
import { BODIES } from "../parse/schemas.ts";
import { param, queryOf } from "../query.ts";
import { volumeView } from "../views/volume.ts";
import type { Volume, Volumes } from "../volumes.ts";

const FILTERS = ["dangling", "driver", "label", "name"];
const PRUNE_FILTERS = ["all", "label", "label!"];

export function volumeRoutes(app: FastifyInstance, { volumes, lifecycle }: Context): void {
  app.get("/volumes", async (request) => {
    const filters = parseFilters(queryOf(request).text("filters"), FILTERS);
    const fitting = (await volumes.list()).filter((volume) => fits(volumes, filters, volume));
    return { Volumes: fitting.map((volume) => volumeView(volume)), Warnings: null };
  });

  app.get("/volumes/:name", async (request) => volumeView(await volumes.get(param(request, "name"))));

  app.post("/volumes/create", async (request, reply) => {
    const body = (await readJson(request, BODIES.volumeCreate)) ?? {};
    const spec = { name: body.Name ?? "", driver: body.Driver ?? "", options: body.DriverOpts ?? {}, labels: body.Labels ?? null };
    return reply.code(201).send(volumeView(await lifecycle.createVolume(spec)));
  });

  app.delete("/volumes/:name", async (request, reply) => {
    try {
      await lifecycle.removeVolume(param(request, "name"));
    } catch (error) {
      // Forced means: it shall not be there; that it never was is fine.
      const missing = error instanceof NetError && error.code === "notFound";
      if (!(missing && queryOf(request).flag("force"))) throw error;
    }
    return reply.code(204).send();
  });

  app.post("/volumes/prune", async (request) => {
    const { deleted, reclaimed } = await lifecycle.pruneVolumes(parseFilters(queryOf(request).text("filters"), PRUNE_FILTERS));
    return { VolumesDeleted: deleted, SpaceReclaimed: reclaimed };
  });
}

function fits(volumes: Volumes, filters: Filters, volume: Volume): boolean {
  const dangling = filters.flag("dangling");
  return (
    (dangling === undefined || dangling === (volumes.users(volume.name).length === 0)) &&
    filters.any("driver", (value) => value === "local") &&
    filters.labels(volume.labels) &&
    filters.any("name", (value) => fitsName(value, volume.name))
  );
}
