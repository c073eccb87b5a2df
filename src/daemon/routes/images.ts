import type { FastifyInstance } from "fastify";
import { NetError } from "../../model/errors.ts";
import type { Context } from "../context.ts";
import { parseFilters } from "../filters.ts";
import { familiar } from "../parse/reference.ts";
import { param, queryOf } from "../query.ts";
import { fitsImage, IMAGE_FILTERS, IMAGE_PRUNE_FILTERS, mayPrune } from "../select/images.ts";
import { imageHistory, imageInspect, imageSummary, removalView } from "../views/image.ts";

/** Listing, naming and removing images. */
export function imageRoutes(app: FastifyInstance, context: Context): void {
  const { images, lifecycle, info } = context;

  app.get("/images/json", async (request) => {
    const filters = parseFilters(queryOf(request).text("filters"), IMAGE_FILTERS);
    const fitting = images.list().filter((image) => fitsImage(images, filters, image));
    return fitting.toSorted((a, b) => b.created - a.created).map((image) => imageSummary(image));
  });

  app.get("/images/:name/json", async (request) => {
    const image = images.find(familiar(param(request, "name")));
    return imageInspect(image, images.layerDirs(image.id), info);
  });

  app.get("/images/:name/history", async (request) => imageHistory(images.find(familiar(param(request, "name")))));

  app.post("/images/:name/tag", async (request, reply) => {
    const query = queryOf(request);
    lifecycle.tagImage(familiar(param(request, "name")), familiar(query.text("repo") ?? ""), query.text("tag") ?? "latest");
    return reply.code(201).send();
  });

  app.delete("/images/:name", async (request) => {
    const options = { force: queryOf(request).flag("force") };
    return removalView(await lifecycle.removeImage(familiar(param(request, "name")), options));
  });

  app.post("/images/prune", async (request) => {
    const filters = parseFilters(queryOf(request).text("filters"), IMAGE_PRUNE_FILTERS);
    const all = filters.flag("dangling") === false;
    const { deleted, reclaimed } = await lifecycle.pruneImages(all, (image) => mayPrune(filters, image));
    return { ImagesDeleted: deleted.length > 0 ? removalView(deleted) : null, SpaceReclaimed: reclaimed };
  });

  app.get("/images/search", async () => {
    throw new NetError("unsupported", "searching a registry is not supported");
  });

  app.post("/images/:name/push", async () => {
    throw new NetError("unsupported", "pushing to a registry is not supported: use docker save");
  });
}
