import type { FastifyInstance, FastifyReply } from "fastify";
import { messageOf, NetError } from "../../model/errors.ts";
import type { Context } from "../context.ts";
import { progressLine } from "../json.ts";
import { familiar } from "../parse/reference.ts";
import { param, queryOf } from "../query.ts";
import { sendStream } from "../stream.ts";
import { uploadOf } from "../upload.ts";

/** Images in and out as archives. */
export function imageTransferRoutes(app: FastifyInstance, context: Context): void {
  const { images, lifecycle } = context;

  app.post("/images/create", async (request, reply) => {
    const query = queryOf(request);
    refusePull(query.text("fromImage"), query.text("tag"), query.text("fromSrc"));
    const [repository, tag] = [query.text("repo"), query.text("tag")];
    const reference = repository === undefined ? undefined : familiar(tag === undefined ? repository : `${repository}:${tag}`);
    const options = { message: query.text("message") || "Imported from -", changes: query.list("changes") };
    const id = await lifecycle.importImage(uploadOf(request.raw), { ...options, ...(reference !== undefined && { reference }) });
    await sendStream(reply, "application/json", context, ({ write }) => write(progressLine({ status: id })));
  });

  app.post("/images/load", async (request, reply) => {
    // dockerd tells a bad archive in the stream, under 200: clients look for it there.
    await sendStream(reply, "application/json", context, async ({ write }) => {
      try {
        for await (const text of lifecycle.loadImages(uploadOf(request.raw))) await write(progressLine({ stream: `${text}\n` }));
      } catch (error) {
        if (!(error instanceof NetError)) throw error;
        await write(progressLine({ errorDetail: { message: messageOf(error) }, error: messageOf(error) }));
      }
    });
  });

  const save = async (reply: FastifyReply, refs: string[]) => {
    const tar = await images.save(refs.map(familiar));
    await sendStream(reply, "application/x-tar", context, async ({ signal, write }) => {
      for await (const piece of tar) {
        if (signal.aborted) return;
        await write(piece as Buffer);
      }
    });
  };
  app.get("/images/get", (request, reply) => save(reply, queryOf(request).list("names")));
  app.get("/images/:name/get", (request, reply) => save(reply, [param(request, "name")]));
}

function refusePull(image: string | undefined, tag: string | undefined, source: string | undefined): void {
  if (image !== undefined) {
    const name = tag === undefined ? image : `${image}${tag.includes(":") ? "@" : ":"}${tag}`;
    // Docker's client shows no hints: what to do is in the message.
    const instead = "bring the image with docker load or docker import";
    throw new NetError("unsupported", `cannot pull ${familiar(name)}: pulling from a registry is not there yet; ${instead}`);
  }
  if (source !== "-") {
    throw new NetError("unsupported", `cannot import from ${source ?? "nothing"}: download it and give it to docker import`);
  }
}
