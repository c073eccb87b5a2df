import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { NetError } from "../../model/errors.ts";
import { findInRoot, type Place } from "../archive/in-root.ts";
import { packPlace } from "../archive/pack.ts";
import { type PathStat, statPlace } from "../archive/path-stat.ts";
import { refuseReadOnly } from "../archive/read-only.ts";
import { unpackInto } from "../archive/unpack.ts";
import type { Context } from "../context.ts";
import { param, queryOf } from "../query.ts";
import { sendStream } from "../stream.ts";
import { uploadOf } from "../upload.ts";

/** `docker cp`, into containers and out of them, whether they run or not. */
export function archiveRoutes(app: FastifyInstance, context: Context): void {
  const { containers, lifecycle } = context;

  /** The root of a container and the path that was asked for. @throws notFound in dockerd's words when there is nothing there. */
  const visit = async <T>(request: FastifyRequest, body: (root: string, path: string) => Promise<T>): Promise<T> => {
    const ref = param(request, "id");
    const path = queryOf(request).text("path");
    if (path === undefined) throw new NetError("invalid", "bad parameter: 'path' cannot be empty");
    const root = await containers.openRootfs(containers.find(ref).id, { mounts: true });
    try {
      return await body(root.path, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
      throw new NetError("notFound", `Could not find the file ${path} in container ${ref}`, { cause: error });
    } finally {
      await root.close();
    }
  };

  app.head("/containers/:id/archive", (request, reply) =>
    visit(request, async (root, path) => {
      const place = await findInRoot(root, path, { followLast: false });
      try {
        return withStat(reply, (await statPlace(place, path)).view)
          .code(200)
          .send();
      } finally {
        await place.close();
      }
    }),
  );

  app.get("/containers/:id/archive", (request, reply) =>
    visit(request, async (root, path) => {
      // `/www/.` and `/www/` mean what the link leads to.
      const place = await findInRoot(root, path, { followLast: /\/\.?$/.test(path) });
      try {
        await sendTar(reply, context, place, path);
        lifecycle.note(param(request, "id"), "archive-path");
      } finally {
        await place.close();
      }
    }),
  );

  app.put("/containers/:id/archive", (request, reply) =>
    visit(request, async (root, path) => {
      const container = containers.find(param(request, "id"));
      refuseReadOnly(container, containers.mounts(container.id), path);
      await checkFolder(root, path);
      await unpackInto(root, path, uploadOf(request.raw), { keepKinds: queryOf(request).flag("noOverwriteDirNonDir") });
      lifecycle.note(container.id, "extract-to-dir");
      return reply.code(200).send();
    }),
  );
}

async function sendTar(reply: FastifyReply, context: Context, place: Place, path: string): Promise<void> {
  const { view } = await statPlace(place, path);
  withStat(reply, view);
  const name = /(^|\/)\.$/.test(path) || view.name === "/" ? "." : view.name;
  await sendStream(reply, "application/x-tar", context, async ({ signal, write }) => {
    for await (const piece of packPlace(place, name)) {
      if (signal.aborted) return;
      await write(piece as Buffer);
    }
  });
}

async function checkFolder(root: string, path: string): Promise<void> {
  const place = await findInRoot(root, path, { followLast: true });
  try {
    if (!(await statPlace(place, path)).stats.isDirectory()) throw new NetError("invalid", "extraction point is not a directory");
  } finally {
    await place.close();
  }
}

function withStat(reply: FastifyReply, view: PathStat): FastifyReply {
  return reply.header("X-Docker-Container-Path-Stat", Buffer.from(JSON.stringify(view)).toString("base64"));
}
