import type { FastifyInstance } from "fastify";
import { NetError } from "../../model/errors.ts";
import { readJson } from "../body.ts";
import type { Context } from "../context.ts";
import { parseFilters } from "../filters.ts";
import { BODIES } from "../parse/schemas.ts";
import { param, queryOf } from "../query.ts";
import { CONTAINER_FILTERS, CONTAINER_PRUNE_FILTERS, selectContainers } from "../select/containers.ts";
import { containerInspect } from "../views/container.ts";
import { containerSummary } from "../views/summary.ts";

/** Making, listing and removing containers. */
export function containerRoutes(app: FastifyInstance, context: Context): void {
  const { containers, lifecycle } = context;

  app.get("/containers/json", async (request) => {
    const query = queryOf(request);
    const filters = parseFilters(query.text("filters"), CONTAINER_FILTERS);
    const limit = query.int("limit") ?? 0;
    const selected = selectContainers(context, containers.all(), filters, { all: query.flag("all"), ...(limit > 0 && { limit }) });
    const sizes = query.flag("size") ? await Promise.all(selected.map(({ id }) => containers.size(id))) : [];
    return selected.map((container, i) => containerSummary(context, container, Date.now(), sizes[i]));
  });

  app.post("/containers/create", async (request, reply) => {
    const body = await readJson(request, BODIES.containerCreate);
    const { container, warnings } = await lifecycle.create(queryOf(request).text("name")?.replace(/^\//, ""), body);
    return reply.code(201).send({ Id: container.id, Warnings: warnings });
  });

  app.get("/containers/:id/json", async (request) => {
    const container = containers.find(param(request, "id"));
    const size = queryOf(request).flag("size") ? await containers.size(container.id) : undefined;
    return containerInspect(context, container, size);
  });

  app.delete("/containers/:id", async (request, reply) => {
    const query = queryOf(request);
    if (query.flag("link")) throw new NetError("unsupported", "legacy links cannot be removed one by one");
    await lifecycle.remove(param(request, "id"), { force: query.flag("force"), volumes: query.flag("v") });
    return reply.code(204).send();
  });

  app.post("/containers/prune", async (request) => {
    const { deleted, reclaimed } = await lifecycle.prune(parseFilters(queryOf(request).text("filters"), CONTAINER_PRUNE_FILTERS));
    return { ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed };
  });

  app.post("/containers/:id/rename", async (request, reply) => {
    await lifecycle.rename(param(request, "id"), queryOf(request).text("name") ?? "");
    return reply.code(204).send();
  });

  app.post("/containers/:id/update", async (request) => {
    await lifecycle.update(param(request, "id"), await readJson(request, BODIES.containerUpdate));
    return { Warnings: null };
  });

  app.get("/containers/:id/top", async (request) => {
    const { id, state } = containers.find(param(request, "id"));
    if (state.status !== "running" && state.status !== "paused") throw new NetError("conflict", `container ${id} is not running`);
    const { titles, processes } = await containers.top(id, queryOf(request).text("ps_args") ?? "-ef");
    lifecycle.note(id, "top");
    return { Processes: processes, Titles: titles };
  });
}
