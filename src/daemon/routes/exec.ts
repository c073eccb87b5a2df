import type { FastifyInstance, FastifyRequest } from "fastify";
import { parseJson, readJson } from "../body.ts";
import type { Context } from "../context.ts";
import { headersOf } from "../headers.ts";
import { carry, takeOver } from "../hijack.ts";
import { parseExecConfig } from "../parse/exec-config.ts";
import { BODIES } from "../parse/schemas.ts";
import { param } from "../query.ts";
import { takeUpgradeBody, type Upgrades } from "../upgrade.ts";
import { execInspect } from "../views/exec.ts";
import { terminalSize } from "./run.ts";

export function execRoutes(app: FastifyInstance, context: Context): void {
  const { containers, lifecycle, upgrades, info } = context;

  app.post("/containers/:id/exec", async (request, reply) => {
    containers.find(param(request, "id"));
    const config = parseExecConfig(await readJson(request, BODIES.execCreate));
    return reply.code(201).send({ Id: lifecycle.createExec(param(request, "id"), config).id });
  });

  app.post("/exec/:id/start", async (request, reply) => {
    const { config } = containers.exec(param(request, "id"));
    const { body, head } = await startBody(request, upgrades);
    const session = await lifecycle.startExec(param(request, "id"), { detach: body?.Detach ?? false, tty: body?.Tty ?? config.tty });
    if (session === undefined) return reply.code(200).send();
    const wire = takeOver(request, reply, upgrades, { tty: session.tty, headers: headersOf(info.version), head });
    const streams = { stdin: config.attachStdin, stdout: config.attachStdout, stderr: config.attachStderr };
    await carry(wire, session, { ...streams, detachKeys: config.detachKeys, closeStdin: true }, context);
    return reply;
  });

  app.get("/exec/:id/json", async (request) => execInspect(containers.exec(param(request, "id"))));

  app.post("/exec/:id/resize", async (request, reply) => {
    const exec = containers.exec(param(request, "id"));
    await containers.resizeExec(exec.id, ...terminalSize(request));
    return reply.code(200).send();
  });
}

/** The body of exec start, which mostly comes with an upgrade; and the bytes of the session that were read with it. */
async function startBody(request: FastifyRequest, upgrades: Upgrades) {
  const upgrade = upgrades.get(request.raw);
  if (upgrade === undefined) return { body: await readJson(request, BODIES.execStart), head: Buffer.alloc(0) };
  const { body, head } = await takeUpgradeBody(request.raw, upgrade);
  return { body: parseJson({ contentType: request.headers["content-type"], bytes: body }, BODIES.execStart), head };
}
