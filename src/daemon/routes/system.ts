import type { FastifyInstance } from "fastify";
import { NetError } from "../../model/errors.ts";
import type { Context } from "../context.ts";
import { parseFilters } from "../filters.ts";
import { instantOf } from "../go-time.ts";
import { PING_HEADERS } from "../headers.ts";
import { jsonLine } from "../json.ts";
import { queryOf } from "../query.ts";
import { EVENT_FILTERS, fitsEvent, followEvents } from "../select/events.ts";
import { sendStream } from "../stream.ts";
import { diskUsage } from "../views/disk-usage.ts";
import { eventView } from "../views/event.ts";
import { infoView, versionView } from "../views/system.ts";

export function systemRoutes(app: FastifyInstance, context: Context): void {
  const { info, events } = context;

  // Every client's first words: by them it chooses the version that it will speak.
  app.head("/_ping", (_request, reply) =>
    reply.headers(PING_HEADERS).type("text/plain; charset=utf-8").header("content-length", "0").send(),
  );
  app.get("/_ping", (_request, reply) => reply.headers(PING_HEADERS).type("text/plain; charset=utf-8").send(Buffer.from("OK")));

  app.get("/version", async () => versionView(info));
  app.get("/info", async () => infoView(context));

  app.get("/events", async (request, reply) => {
    const query = queryOf(request);
    const filters = parseFilters(query.text("filters"), EVENT_FILTERS);
    const span = { since: instantOf("since", query.text("since")), until: instantOf("until", query.text("until")) };
    await sendStream(reply, "application/json", context, async ({ signal, write }) => {
      for await (const event of followEvents(events, span, signal)) {
        if (fitsEvent(filters, event)) await write(jsonLine(eventView(event)));
      }
    });
  });

  app.get("/system/df", async (request) => {
    const types = queryOf(request).list("type");
    return diskUsage(context, (type) => types.length === 0 || types.includes(type));
  });

  app.post("/auth", async () => {
    throw new NetError("unsupported", "logging in to a registry is not supported: bring images with docker load or docker import");
  });
}
