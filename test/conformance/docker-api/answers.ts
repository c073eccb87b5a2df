const STREAMED = Symbol("streamed");

/** An answer in parts, or one that is not JSON. */
export interface Streamed {
  [STREAMED]: {
    type: string | undefined;
    /** What `read` makes of the body. */
    content: unknown;
    read(body: Buffer): unknown;
  };
}

export const MULTIPLEXED = "application/vnd.docker.multiplexed-stream";
export const RAW = "application/vnd.docker.raw-stream";

function streamed(type: string | undefined, content: unknown, read: (body: Buffer) => unknown): Streamed {
  return { [STREAMED]: { type, content, read } };
}

export function streamOf(answer: unknown): Streamed[typeof STREAMED] | undefined {
  return typeof answer === "object" && answer !== null && STREAMED in answer ? (answer as Streamed)[STREAMED] : undefined;
}

/** Frames of an attach or an exec: number of the stream, and text. Neighbours of one stream are read as one: where writes end is the writer's. */
export function frames(type: string, ...content: [stream: number, text: string][]): Streamed {
  return streamed(type, content, (body) => joined(readFrames(body)));
}

/** Frames of a log: each line has one of its own. */
export function logLines(type: string, ...content: [stream: number, text: string][]): Streamed {
  return streamed(type, content, readFrames);
}

/** JSON values, each on a line with this end. */
export function lines(end: "\n" | "\r\n", ...content: object[]): Streamed {
  return streamed("application/json", content, (body) => {
    const all = body.toString().split(end);
    if (all.pop() !== "") throw new Error(`the last line has no end: ${body.toString().slice(-80)}`);
    return all.map((line) => JSON.parse(line));
  });
}

/** Headers alone: the client has gone before there was more to say. */
export const HELD_OPEN = streamed("application/json", "", (body) => body.toString());

export function text(type: string | undefined, content: string): Streamed {
  return streamed(type, content, (body) => body.toString());
}

/** Entries of a tar: `755 www/`, `644 www/index.html 19`. */
export function tar(type: string, ...content: string[]): Streamed {
  return streamed(type, content, readTar);
}

/** One member of a JSON answer, `NetworkSettings.Networks`; the others are looked at elsewhere. */
export function part(path: string, content: unknown): Streamed {
  return streamed("application/json", content, (body) => memberAt(path, body));
}

function memberAt(path: string, body: Buffer): unknown {
  const keys = path === "" ? [] : path.split(".");
  return keys.reduce((value, key) => (value as Record<string, unknown>)[key], JSON.parse(body.toString()));
}

/** The names of an object's members in their order, of the whole or of one member's. */
export function members(path: string, names: string): Streamed {
  return streamed("application/json", names, (body) => Object.keys(memberAt(path, body) as object).join(" "));
}

/** Of each element of a JSON list these members. */
export function each(names: readonly string[], ...content: unknown[][]): Streamed {
  return streamed("application/json", content, (body) =>
    (JSON.parse(body.toString()) as Record<string, unknown>[]).map((element) => names.map((name) => element[name])),
  );
}

/** What another step looks at. */
export function anyOf(type: string): Streamed {
  return streamed(type, "(seen elsewhere)", () => "(seen elsewhere)");
}

export const ANY_JSON = anyOf("application/json");

function readFrames(body: Buffer): [number, string][] {
  const found: [number, string][] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 8 + body.readUInt32BE(at + 4);
    if (body.readUIntBE(at + 1, 3) !== 0 || end > body.length) throw new Error(`no frame at ${at} of ${JSON.stringify(body.toString())}`);
    found.push([body.readUInt8(at), body.subarray(at + 8, end).toString()]);
    at = end;
  }
  return found;
}

function joined(all: [number, string][]): [number, string][] {
  const groups: [number, string][] = [];
  for (const [stream, part] of all) {
    const last = groups.at(-1);
    if (last?.[0] === stream) last[1] += part;
    else groups.push([stream, part]);
  }
  return groups;
}

/** [tar(5), ustar] */
function readTar(body: Buffer): string[] {
  const entries: string[] = [];
  const field = (at: number, from: number, to: number) =>
    body
      .subarray(at + from, at + to)
      .toString()
      .replace(/[\0 ]+$/, "");
  for (let at = 0; at + 512 <= body.length && body[at] !== 0; ) {
    const bytes = Number.parseInt(field(at, 124, 136), 8);
    const entry = `${field(at, 100, 108).replace(/^0+/, "")} ${field(at, 0, 100)}`;
    entries.push(field(at, 156, 157) === "0" ? `${entry} ${bytes}` : entry);
    at += 512 + Math.ceil(bytes / 512) * 512;
  }
  return entries;
}
