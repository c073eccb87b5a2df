import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Session } from "../../container/types.ts";
import { NetError } from "../../model/errors.ts";
import type { Context } from "../context.ts";
import { parseDetachKeys } from "../detach-keys.ts";
import { carry, takeOver } from "../hijack.ts";
import { param, queryOf } from "../query.ts";

export function attachRoutes(app: FastifyInstance, context: Context): void {
  const { containers, lifecycle, upgrades } = context;

  app.post("/containers/:id/attach", async (request, reply) => {
    const container = containers.find(param(request, "id"));
    const wanted = attachOptions(request);
    const { logs, stream } = wanted;
    // From here on every byte is ours: what is written between the log's end and the first read waits in the session.
    const session = stream ? (await lifecycle.attach(param(request, "id"))).session : undefined;
    const tty = container.config.Tty;
    const wire = takeOver(request, reply, upgrades, { tty, headers: {} });
    const before = logs ? containers.logs(container.id, { stdout: wanted.stdout, stderr: wanted.stderr, follow: false }) : undefined;
    const closeStdin = container.config.StdinOnce;
    const { detached } = await carry(wire, joined(tty, before, session), { ...wanted, closeStdin }, context);
    if (detached) lifecycle.detached(container.id);
  });
}

function attachOptions(request: FastifyRequest) {
  const query = queryOf(request);
  const detachKeys = query.text("detachKeys") ?? "";
  if (detachKeys !== "") parseDetachKeys(detachKeys);
  const [stdin, stdout, stderr] = [query.flag("stdin"), query.flag("stdout"), query.flag("stderr")];
  const [logs, stream] = [query.flag("logs"), query.flag("stream")];
  if (!stream && !logs) throw new NetError("invalid", "at least one of logs and stream must be set");
  return { stdin: stdin && stream, stdout, stderr, logs, stream, detachKeys };
}

/** What was said before, then the session; without a session it ends there. */
function joined(tty: boolean, before: AsyncIterable<{ stream: 1 | 2; data: Buffer }> | undefined, session: Session | undefined): Session {
  async function* output() {
    if (before !== undefined) yield* before;
    if (session !== undefined) yield* session.output;
  }
  return {
    tty,
    output: output(),
    write: async (data) => session?.write(data),
    endInput: () => session?.endInput(),
    close: () => session?.close(),
  };
}
