import type { FastifyInstance, FastifyRequest } from "fastify";
import { messageOf, NetError } from "../../model/errors.ts";
import type { Context } from "../context.ts";
import { jsonLine } from "../json.ts";
import { param, queryOf } from "../query.ts";
import { sendStream } from "../stream.ts";

/** Starting, stopping and waiting for containers. 304 says that there was nothing to do. */
export function runRoutes(app: FastifyInstance, context: Context): void {
  const { containers, lifecycle } = context;

  app.post("/containers/:id/start", async (request, reply) => {
    const started = await lifecycle.start(param(request, "id"));
    return reply.code(started ? 204 : 304).send();
  });

  app.post("/containers/:id/stop", async (request, reply) => {
    const stopped = await lifecycle.stop(param(request, "id"), stopOptions(request));
    return reply.code(stopped ? 204 : 304).send();
  });

  app.post("/containers/:id/restart", async (request, reply) => {
    await lifecycle.restart(param(request, "id"), stopOptions(request));
    return reply.code(204).send();
  });

  app.post("/containers/:id/kill", async (request, reply) => {
    await lifecycle.kill(param(request, "id"), queryOf(request).text("signal") ?? "SIGKILL");
    return reply.code(204).send();
  });

  app.post("/containers/:id/pause", async (request, reply) => {
    await lifecycle.pause(param(request, "id"));
    return reply.code(204).send();
  });

  app.post("/containers/:id/unpause", async (request, reply) => {
    await lifecycle.unpause(param(request, "id"));
    return reply.code(204).send();
  });

  app.post("/containers/:id/resize", async (request, reply) => {
    const { id, state } = containers.find(param(request, "id"));
    const [height, width] = terminalSize(request);
    if (state.status !== "running") throw new NetError("conflict", `container ${id} is not running`);
    await containers.resize(id, height, width);
    lifecycle.note(id, "resize", { height: String(height), width: String(width) });
    return reply.code(200).send();
  });

  app.post("/containers/:id/wait", async (request, reply) => {
    const condition = waitCondition(queryOf(request).text("condition") ?? "not-running");
    const { id } = containers.find(param(request, "id"));
    // The client starts the container only when it has these headers; dropping the connection ends the waiting and nothing else.
    await sendStream(reply, "application/json", context, async ({ signal, write }) => {
      await write(jsonLine(await waitView(containers.wait(id, condition, signal))));
    });
  });
}

async function waitView(waiting: Promise<{ exitCode: number; error?: string }>): Promise<object> {
  try {
    const { exitCode, error } = await waiting;
    return { ...(error !== undefined && { Error: { Message: error } }), StatusCode: exitCode };
  } catch (error) {
    return { Error: { Message: messageOf(error) }, StatusCode: -1 };
  }
}

/** `h` and `w`, in characters. @throws invalid */
export function terminalSize(request: FastifyRequest): [height: number, width: number] {
  const read = (name: string, what: string) => {
    const text = queryOf(request).text(name) ?? "";
    if (!/^\d{1,5}$/.test(text)) throw new NetError("invalid", `invalid resize ${what} ${JSON.stringify(text)}: invalid syntax`);
    return Number(text);
  };
  return [read("h", "height"), read("w", "width")];
}

function stopOptions(request: FastifyRequest): { signal?: string; timeoutS?: number } {
  const query = queryOf(request);
  const signal = query.text("signal");
  const timeoutS = query.int("t");
  return { ...(signal !== undefined && { signal }), ...(timeoutS !== undefined && { timeoutS }) };
}

function waitCondition(text: string): "not-running" | "next-exit" | "removed" {
  if (text === "not-running" || text === "next-exit" || text === "removed") return text;
  throw new NetError("invalid", `invalid condition: ${JSON.stringify(text)}`);
}
