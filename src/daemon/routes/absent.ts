import type { FastifyInstance } from "fastify";
import { NetError } from "../../model/errors.ts";
import { param } from "../query.ts";

const NO_SWARM =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
const SWARM = [
  "/swarm",
  "/services",
  "/services/:id",
  "/tasks",
  "/tasks/:id",
  "/nodes",
  "/nodes/:id",
  "/secrets",
  "/secrets/:id",
  "/configs",
  "/configs/:id",
];

/** What netloom does not have, answered as a dockerd without it answers, so that clients go on; or with what to do instead. */
export function absentRoutes(app: FastifyInstance): void {
  for (const path of SWARM) app.get(path, refuse("unavailable", NO_SWARM));
  for (const path of ["/services/create", "/secrets/create", "/configs/create", "/swarm/leave", "/swarm/update"]) {
    app.post(path, refuse("unavailable", NO_SWARM));
  }
  app.post(
    "/swarm/init",
    refuse("unsupported", "swarm mode is not supported", "networks over several hosts are made with the overlay driver"),
  );
  app.post(
    "/swarm/join",
    refuse("unsupported", "swarm mode is not supported", "networks over several hosts are made with the overlay driver"),
  );

  app.get("/plugins", async () => []);
  app.get("/plugins/:name/json", async (request) => {
    throw new NetError("notFound", `plugin ${JSON.stringify(param(request, "name"))} not found`);
  });
  app.get("/distribution/:name/json", refuse("unsupported", "asking a registry is not supported"));

  app.post("/build", refuse("unsupported", "building images is not supported", "build elsewhere and bring the image with docker load"));
  app.post("/build/prune", async () => ({ CachesDeleted: null, SpaceReclaimed: 0 }));
  app.post("/commit", refuse("unsupported", "committing a container is not supported", "copy what you need with docker cp"));
}

function refuse(code: "unavailable" | "unsupported", message: string, instead?: string) {
  return async () => {
    // Docker's client shows no hints: what to do is in the message.
    throw new NetError(code, instead === undefined ? message : `${message}: ${instead}`);
  };
}
