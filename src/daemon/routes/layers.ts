import type { FastifyInstance } from "fastify";
import { findInRoot } from "../archive/in-root.ts";
import { packInside } from "../archive/pack.ts";
import type { Context } from "../context.ts";
import { jsonLine } from "../json.ts";
import { param } from "../query.ts";
import { sendStream } from "../stream.ts";

/** As archive.Change has them. */
const KINDS = { changed: 0, added: 1, deleted: 2 };

/** A container's files beside its image's: what is different, and all of them as a tar. What is mounted in it belongs to neither. */
export function layerRoutes(app: FastifyInstance, context: Context): void {
  const { containers, lifecycle } = context;

  app.get("/containers/:id/changes", async (request, reply) => {
    const changes = await containers.changes(containers.find(param(request, "id")).id);
    if (changes.length > 0) return changes.map(({ path, kind }) => ({ Path: path, Kind: KINDS[kind] }));
    // As Go writes a list of nothing; a plain null would be sent as no body.
    return reply.type("application/json").send(Buffer.from(jsonLine(null)));
  });

  app.get("/containers/:id/export", async (request, reply) => {
    const { id } = containers.find(param(request, "id"));
    const root = await containers.openRootfs(id, { mounts: false });
    try {
      const place = await findInRoot(root.path, "/", { followLast: false });
      try {
        lifecycle.note(id, "export");
        await sendStream(reply, "application/octet-stream", context, async ({ signal, write }) => {
          for await (const piece of packInside(place)) {
            if (signal.aborted) return;
            await write(piece as Buffer);
          }
        });
      } finally {
        await place.close();
      }
    } finally {
      await root.close();
    }
  });
}
