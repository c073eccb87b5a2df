import type { FastifyInstance } from "fastify";
import { NetError } from "../../model/errors.ts";
import { readJson } from "../body.ts";
import type { Context } from "../context.ts";
import { parseFilters } from "../filters.ts";
import { parseNetworkSpec } from "../parse/network-spec.ts";
import { BODIES } from "../parse/schemas.ts";
import { param, queryOf } from "../query.ts";
import { fitsNetwork, NETWORK_FILTERS, NETWORK_PRUNE_FILTERS } from "../select/networks.ts";
import { networkInspect, networkView } from "../views/network.ts";

export function networkRoutes(app: FastifyInstance, { controller, lifecycle }: Context): void {
  app.get("/networks", async (request) => {
    const filters = parseFilters(queryOf(request).text("filters"), NETWORK_FILTERS);
    const inUse = ({ id }: { id: string }) => controller.view(id).endpoints.length > 0;
    const fitting = controller.networks().filter((network) => fitsNetwork(filters, network, inUse));
    return fitting.map((network) => networkView(network));
  });

  app.get("/networks/:id", async (request) => networkInspect(controller.view(param(request, "id"))));

  app.post("/networks/create", async (request, reply) => {
    const spec = parseNetworkSpec((await readJson(request, BODIES.networkCreate)) ?? {});
    const { network, warning } = await controller.createNetwork(spec);
    return reply.code(201).send({ Id: network.id, Warning: warning });
  });

  app.post("/networks/:id/connect", async (request, reply) => {
    const body = (await readJson(request, BODIES.networkConnect)) ?? {};
    await lifecycle.connect(param(request, "id"), containerOf(body), body.EndpointConfig);
    return reply.code(200).send();
  });

  app.post("/networks/:id/disconnect", async (request, reply) => {
    const body = (await readJson(request, BODIES.networkDisconnect)) ?? {};
    await lifecycle.disconnect(param(request, "id"), containerOf(body), { force: body.Force ?? false });
    return reply.code(200).send();
  });

  app.delete("/networks/:id", async (request, reply) => {
    await controller.removeNetwork(param(request, "id"));
    return reply.code(204).send();
  });

  app.post("/networks/prune", async (request) => {
    const deleted = await lifecycle.pruneNetworks(parseFilters(queryOf(request).text("filters"), NETWORK_PRUNE_FILTERS));
    return { NetworksDeleted: deleted.length > 0 ? deleted : null };
  });
}

function containerOf(body: { Container?: string | null | undefined }): string {
  if (body.Container) return body.Container;
  throw new NetError("invalid", "invalid container name or ID: value is empty");
}
