import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { messageOf } from "../model/errors.ts";
import type { ImageSummary } from "./api.ts";
import { type Add, type Context, several, verb } from "./command.ts";
import { Failure, usage } from "./failure.ts";
import type { Format } from "./print.ts";
import { agoText, bytesText, filtersText } from "./words.ts";

export const addImages: Add = (parent, perform) => {
  addList(parent, perform);
  addImport(parent, perform);
};

interface Row extends ImageSummary {
  repository: string;
  tag: string;
}

const addList: Add = (parent, perform) => {
  verb(parent, "images", "List images", [["netloom images -q", "their ids"]])
    .option("-q, --quiet", "only ids")
    .option("-f, --filter <key=value>", "only those that fit: reference, label, dangling (repeatable)", several)
    .option("--no-trunc", "whole ids")
    .action((flags: { format?: Format; quiet?: true; filter?: string[]; trunc: boolean }) =>
      perform(flags, async ({ client, print }) => {
        const images = await client.call<ImageSummary[]>("GET", "/images/json", { query: { filters: filtersText(flags.filter) } });
        const id = ({ Id }: ImageSummary) => (flags.trunc ? Id.replace(/^sha256:/, "").slice(0, 12) : Id);
        if (print.json) print.value(images);
        else if (flags.quiet) for (const image of images) print.line(id(image));
        else
          print.table<Row>(
            [
              { heading: "REPOSITORY", value: ({ repository }) => repository },
              { heading: "TAG", value: ({ tag }) => tag },
              { heading: "IMAGE ID", value: id },
              { heading: "CREATED", value: ({ Created }) => agoText(Created) },
              { heading: "SIZE", value: ({ Size }) => bytesText(Size) },
            ],
            images.flatMap(rows),
          );
      }),
    );
};

/** An image has a row for each of its names. The colon of a registry's port is before the last slash. */
function rows(image: ImageSummary): Row[] {
  const names = image.RepoTags?.length ? image.RepoTags : ["<none>:<none>"];
  return names.map((name) => {
    const at = name.lastIndexOf(":");
    return { ...image, repository: name.slice(0, at), tag: name.slice(at + 1) };
  });
}

const addImport: Add = (parent, perform) => {
  verb(parent, "import <file> [reference]", "Make an image of a root filesystem in a tar", [
    ["netloom import rootfs.tar alpine", "as alpine:latest"],
    ["tar -C rootfs -c . | netloom import - my/base:1 -c 'CMD [\"/bin/sh\"]'", "from a pipe, with a command to run"],
  ])
    .option("-c, --change <instruction>", "CMD, ENV, EXPOSE, ... as in a Dockerfile (repeatable)", several)
    .option("-m, --message <text>", "a note for its history")
    .action((file: string, reference: string | undefined, flags: { format?: Format; change?: string[]; message?: string }) =>
      perform(flags, async (context) => {
        const upload = await source(context, file);
        const query = { fromSrc: "-", repo: reference, message: flags.message, changes: flags.change };
        const id = lastStatus(await text(await context.client.open("POST", "/images/create", { query, upload })));
        if (context.print.json) context.print.value({ Id: id });
        else context.print.line(id);
      }),
    );
};

async function source({ io }: Context, file: string): Promise<Readable> {
  if (file === "-") return io.stdin;
  // Opened first, so that a wrong name is told before the daemon is asked.
  const handle = await open(file).catch((error) => {
    throw usage(`cannot read ${file}: ${messageOf(error)}`);
  });
  return createReadStream(file, { fd: handle });
}

/** Progress comes as one JSON object a line; a failure after the first byte is one of them. */
function lastStatus(progress: string): string {
  const lines = progress
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { status?: string; error?: string });
  const trouble = lines.find(({ error }) => error !== undefined)?.error;
  if (trouble !== undefined) throw new Failure("invalid", trouble, { exitStatus: 1 });
  return lines.at(-1)?.status ?? "";
}
