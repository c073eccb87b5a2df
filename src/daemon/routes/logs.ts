import type { FastifyInstance, FastifyRequest } from "fastify";
import type { LogLine, LogOptions } from "../../container/types.ts";
import { NetError } from "../../model/errors.ts";
import type { Context } from "../context.ts";
import { encode } from "../frames.ts";
import { instantOf } from "../go-time.ts";
import { streamType } from "../hijack.ts";
import { param, queryOf } from "../query.ts";
import { sendStream } from "../stream.ts";

export function logRoutes(app: FastifyInstance, context: Context): void {
  app.get("/containers/:id/logs", async (request, reply) => {
    const { id, config } = context.containers.find(param(request, "id"));
    const options = logOptions(request);
    const dress = dressing(request);
    await sendStream(reply, streamType(config.Tty, request.originalUrl), context, async ({ signal, write }) => {
      for await (const line of context.containers.logs(id, { ...options, signal })) {
        if (signal.aborted) return;
        await write(encode(config.Tty, line.stream, dress(line)));
      }
    });
  });
}

function logOptions(request: FastifyRequest): LogOptions {
  const query = queryOf(request);
  const [stdout, stderr] = [query.flag("stdout"), query.flag("stderr")];
  if (!stdout && !stderr) throw new NetError("invalid", "Bad parameters: you must choose at least one stream");
  const since = instantOf("since", query.text("since"));
  const until = instantOf("until", query.text("until"));
  const tail = query.text("tail");
  return {
    ...{ stdout, stderr, follow: query.flag("follow") },
    // Whatever is not a number means all, as dockerd reads it.
    ...(tail !== undefined && /^\d{1,9}$/.test(tail) && { tail: Number(tail) }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}

/** Puts time and details before a line. The log driver keeps no details, so of them there is only the blank. */
function dressing(request: FastifyRequest): (line: LogLine) => Buffer {
  const query = queryOf(request);
  const timestamps = query.flag("timestamps");
  const details = query.flag("details") ? " " : "";
  if (!timestamps && details === "") return ({ data }) => data;
  return ({ time, data }) => Buffer.concat([Buffer.from(`${timestamps ? `${time} ` : ""}${details}`), data]);
}
