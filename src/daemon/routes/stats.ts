import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { jsonLine } from "../json.ts";
import { param, queryOf } from "../query.ts";
import { type Subject, statsOnce, statsStream } from "../stats/sample.ts";
import { sendStream } from "../stream.ts";

export function statsRoutes(app: FastifyInstance, context: Context): void {
  app.get("/containers/:id/stats", async (request, reply) => {
    const query = queryOf(request);
    const { id } = context.containers.find(param(request, "id"));
    const subject: Subject = {
      container: () => context.containers.get(id),
      ownNetwork: context.controller.member(id)?.mode !== "host",
      memoryBytes: context.info.memoryBytes,
    };
    // A stream is what is meant when nothing is said.
    if (query.list("stream").length > 0 && !query.flag("stream")) return statsOnce(subject, query.flag("one-shot"), context.closing.signal);
    await sendStream(reply, undefined, context, async ({ signal, write }) => {
      for await (const record of statsStream(subject, signal)) await write(jsonLine(record));
    });
  });
}
