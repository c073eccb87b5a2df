import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { notJson } from "./body.ts";
import type { Context } from "./context.ts";
import { sendError } from "./errors.ts";
import { headersOf } from "./headers.ts";
import { goJson, jsonLine } from "./json.ts";
import { routes } from "./routes/index.ts";
import { refusal, routePath, versionOf } from "./version.ts";

/** Names of images with their registry are longer than what the router allows by itself. */
const MAX_PARAM_CHARS = 1024;

/** The router with what all routes share: versions, headers, JSON as Go writes it, errors. It does not listen by itself. */
export function createServer(context: Context): FastifyInstance {
  const app = fastify({
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: MAX_PARAM_CHARS, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    rewriteUrl: (request) => routePath(request.url ?? "/"),
  });
  const usual = headersOf(context.info.version);
  app.addHook("onRequest", async (request, reply) => {
    if (request.is404) return;
    startedAt.set(request, performance.now());
    reply.headers(usual).serializer(jsonLine);
    const refused = refusal(versionOf(request.originalUrl));
    if (refused === undefined) return;
    reply.code(400);
    if (!refused.plain) throw refused.error;
    // The very old clients expect words, not JSON.
    return reply
      .type("text/plain; charset=utf-8")
      .header("x-content-type-options", "nosniff")
      .send(Buffer.from(`${refused.error.message}\n`));
  });
  // How long this daemon took, without the way of the request and the answer: what a bench of it must know.
  const startedAt = new WeakMap<FastifyRequest, number>();
  app.addHook("onSend", async (request, reply, payload) => {
    const since = startedAt.get(request);
    if (since !== undefined) reply.header("netloom-duration-us", Math.round((performance.now() - since) * 1000));
    return payload;
  });
  // Only objects come here; strings, buffers and streams say themselves what they are.
  app.addHook("preSerialization", async (_request, reply, payload) => {
    reply.type("application/json");
    return payload;
  });
  app.setErrorHandler((error, request, reply) => {
    // The router refuses what is no media type at all before a route sees it.
    const isNoType = (error as { code?: unknown }).code === "FST_ERR_CTP_INVALID_MEDIA_TYPE";
    return sendError(isNoType ? notJson(request.headers["content-type"] ?? "") : error, reply, context.log);
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).type("application/json").serializer(goJson).send({ message: "page not found" }),
  );
  // Bodies are read by the routes that want them: `start` ignores its own, imports stream theirs.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  routes(app, context);
  return app;
}
