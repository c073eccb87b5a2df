import type { Exchange } from "./recorder.ts";

/**
 * What is different at every run, under a name that is the same: ids are told as `<c1>`, times as `<time>`, folders as `<data>` and `<run>`.
 * It learns the names from the answers that make things.
 */
export interface Mask {
  learn(exchanges: readonly Exchange[]): void;
  /** The id of what was made under a name. */
  idOf(name: string): string;
  text(text: string): string;
  /** A JSON value, with its numbers of the moment masked too. */
  json(text: string): unknown;
}

const ID = /[0-9a-f]{64}/g;
const TIME = /(?!0001)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z/g;
const AGO = /(Less than a second|About a minute|\d+ (second|minute)s?)( ago)?/g;
/** The start of a block that was chosen at random. [RFC 4193] */
const UNIQUE_LOCAL = /\bfd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}(?=:)/g;

/** Members whose numbers are those of the moment, and what stands for them. */
const NUMBERS: Record<string, string> = {
  Created: "<seconds>",
  Pid: "<pid>",
  Size: "<bytes>",
  SizeRootFs: "<bytes>",
  LayersSize: "<bytes>",
  SharedSize: "<bytes>",
};

/** The same for texts. */
const TEXTS: Record<string, string> = { LowerDir: "<lower>", DockerVersion: "<version>", Architecture: "<arch>" };

export function createMask(folders: Record<string, string>): Mask {
  const names = new Map<string, string>();
  const text = (raw: string): string => {
    const placed = Object.entries(folders).reduce((all, [name, folder]) => all.replaceAll(folder, `<${name}>`), raw);
    const known = [...names].reduce((all, [id, name]) => {
      return all.replaceAll(id, `<${name}>`).replaceAll(new RegExp(`\\b${id.slice(0, 12)}\\b`, "g"), `<${name}:12>`);
    }, placed);
    return known
      .replaceAll(ID, "<id>")
      .replaceAll(/id:(\\?")[0-9a-f]{12}\1/g, "id:$1<digits>$1")
      .replaceAll(TIME, "<time>")
      .replaceAll(AGO, "<ago>")
      .replaceAll(UNIQUE_LOCAL, "<ula>")
      .replaceAll(/\b(since|until)=\d+(\.\d+)?/g, "$1=<unix>")
      .replaceAll(/\bveth[0-9a-f]{8}\b/g, "<veth>");
  };
  return {
    learn(exchanges) {
      for (const exchange of exchanges) for (const [id, name] of namedBy(exchange)) names.set(id, name);
    },
    idOf(name) {
      const found = [...names].findLast(([, known]) => known === name)?.[0];
      if (found === undefined) throw new Error(`nothing was made under the name ${name}`);
      return found;
    },
    text,
    json: (raw) =>
      JSON.parse(text(raw), (key, value) => {
        if (typeof value === "string" && TEXTS[key] !== undefined) return TEXTS[key];
        if (typeof value === "number" && value > 0 && NUMBERS[key] !== undefined) return NUMBERS[key];
        return key === "Containers" && !Array.isArray(value) ? sorted(value) : value;
      }),
  };
}

/** By name: the order of ids is that of chance. */
function sorted(record: unknown): unknown {
  if (typeof record !== "object" || record === null) return record;
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function* namedBy({ request, status, body, pieces }: Exchange): Generator<[id: string, name: string]> {
  const url = new URL(request.split(" ")[1] ?? "", "http://netloom");
  const answer = () => JSON.parse(Buffer.concat(pieces).toString());
  if (request === "GET /networks") for (const { Id, Name } of answer()) yield [Id, Name];
  if (status !== 201 && !request.startsWith("POST /images/create")) return;
  if (url.pathname === "/containers/create") yield [answer().Id, url.searchParams.get("name") ?? "new"];
  if (url.pathname === "/networks/create") yield [answer().Id, JSON.parse(body.toString()).Name];
  if (/^\/containers\/[^/]+\/exec$/.test(url.pathname)) yield [answer().Id, "exec"];
  if (url.pathname === "/images/create" && status === 200)
    yield [/[0-9a-f]{64}/.exec(Buffer.concat(pieces).toString())?.[0] ?? "", url.searchParams.get("repo") ?? "image"];
}
