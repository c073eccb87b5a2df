import { type Add, type Context, part, verb } from "./command.ts";
import { type ExitStatus, Failure } from "./failure.ts";
import type { Format } from "./print.ts";

/** Where a name is looked up, in this order. */
const KINDS: [kind: string, path: (ref: string) => string][] = [
  ["container", (ref) => `/containers/${part(ref)}/json`],
  ["network", (ref) => `/networks/${part(ref)}`],
  ["image", (ref) => `/images/${part(ref)}/json`],
];

export const addInspect: Add = (parent, perform) => {
  verb(parent, "inspect <name...>", "Show all about containers, networks and images, as JSON", [
    ["netloom inspect web", "the container web, or else the network or the image of that name"],
    ["netloom inspect web --format json | jq '.[0].NetworkSettings.Networks'", "one line, for programs"],
  ])
    .option("--type <kind>", "only this kind: container, network or image")
    .action((names: string[], flags: { format?: Format; type?: string }) =>
      perform(flags, (context) => inspectEach(context, names, (name) => lookUp(context, name, flags.type))),
    );
};

/** Collects what was found into one JSON array, and complains of the others. @returns 1 when something was not found */
export async function inspectEach(context: Context, refs: readonly string[], find: (ref: string) => Promise<unknown>): Promise<ExitStatus> {
  const found: unknown[] = [];
  let status = 0;
  for (const ref of refs) {
    try {
      found.push(await find(ref));
    } catch (error) {
      context.complain(error);
      status = 1;
    }
  }
  if (context.print.json) context.print.value(found);
  else context.print.line(JSON.stringify(found, null, 4));
  return status;
}

async function lookUp({ client }: Context, name: string, type: string | undefined): Promise<unknown> {
  const kinds = KINDS.filter(([kind]) => type === undefined || kind === type);
  if (kinds.length === 0)
    throw new Failure("invalid", `no such type: ${type}`, { hint: `there are ${KINDS.map(([kind]) => kind).join(", ")}` });
  for (const [, path] of kinds) {
    try {
      return await client.call("GET", path(name));
    } catch (error) {
      if (!(error instanceof Failure && error.code === "notFound")) throw error;
    }
  }
  throw new Failure("notFound", `no such ${kinds.map(([kind]) => kind).join(", ")}: ${name}`);
}
