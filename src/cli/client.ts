import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { json, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { Failure, refused } from "./failure.ts";
import { parseHost } from "./host.ts";

/** The newest Docker Engine API that this command line speaks. */
export const API = "/v1.51";

/** Query members; undefined, false and empty lists are left out, true is sent as 1. */
export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface Call {
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it comes, instead of `body`. */
  upload?: Readable;
}

/** A connection that has become a two-way stream of bytes ([RFC 9110 7.8], `Upgrade: tcp`). */
export interface Hijacked {
  stream: Duplex;
  /** Without a terminal, output comes in frames that tell stdout from stderr. */
  framed: boolean;
}

/** The daemon, as the command line sees it: requests over HTTP and nothing else. */
export interface Client {
  /** As it was given: `unix:///run/netloom/netloom.sock`. */
  host: string;
  /** A whole exchange. @returns the parsed answer, undefined when there is none @throws Failure when refused or unreachable */
  call<T>(method: string, path: string, options?: Call): Promise<T>;
  /** Resolves when the headers are there; the body is the caller's. @throws Failure as `call` */
  open(method: string, path: string, options?: Call): Promise<IncomingMessage>;
  /** @throws Failure as `call` */
  hijack(path: string, options?: Call): Promise<Hijacked>;
}

export function connect(host: string): Client {
  const where = parseHost(host);

  function send(method: string, path: string, options: Call, headers: Record<string, string>): ClientRequest {
    const payload = options.body === undefined ? undefined : JSON.stringify(options.body);
    const type: Record<string, string> = {};
    if (payload !== undefined)
      Object.assign(type, { "content-type": "application/json", "content-length": String(Buffer.byteLength(payload)) });
    else if (options.upload !== undefined) type["content-type"] = "application/x-tar";
    const target: RequestOptions = { ...where, method, path: `${API}${path}${queryText(options.query)}`, agent: false };
    const outgoing = request({ ...target, headers: { host: "netloom", "user-agent": "netloom", ...type, ...headers } });
    if (options.upload === undefined) outgoing.end(payload);
    // A refusal in the middle of an upload breaks the pipe; the answer that follows, or the request's own error, is what counts.
    else pipeline(options.upload, outgoing).catch((cause) => outgoing.destroy(cause));
    return outgoing;
  }

  async function answer(outgoing: ClientRequest): Promise<IncomingMessage> {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on("response", resolve);
      outgoing.on("error", (cause: NodeJS.ErrnoException) => reject(unreachable(host, cause)));
    });
    if ((incoming.statusCode ?? 500) >= 400) throw await refusal(incoming);
    return incoming;
  }

  return {
    host,
    async call<T>(method: string, path: string, options: Call = {}) {
      const incoming = await answer(send(method, path, options, {}));
      if (!incoming.headers["content-type"]?.startsWith("application/json")) {
        await text(incoming);
        return undefined as T;
      }
      return (await json(incoming)) as T;
    },
    open: (method, path, options = {}) => answer(send(method, path, options, {})),
    async hijack(path, options = {}) {
      const outgoing = send("POST", path, options, { connection: "Upgrade", upgrade: "tcp" });
      const upgraded = new Promise<Hijacked>((resolve) => {
        outgoing.on("upgrade", (incoming, stream, head) => {
          if (head.length > 0) stream.unshift(head);
          resolve({ stream, framed: incoming.headers["content-type"] === "application/vnd.docker.multiplexed-stream" });
        });
      });
      const refusedOrPlain = answer(outgoing).then((incoming) => {
        incoming.destroy();
        throw new Failure("internal", `the daemon at ${host} answered ${incoming.statusCode} where it should have opened a stream`);
      });
      return Promise.race([upgraded, refusedOrPlain]);
    },
  };
}

/** `?a=1&b=x`, or nothing. */
export function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === false || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value === true ? "1" : value]) parameters.append(name, String(one));
  }
  const written = parameters.toString();
  return written === "" ? "" : `?${written}`;
}

async function refusal(incoming: IncomingMessage): Promise<Failure> {
  const body = await text(incoming);
  const status = incoming.statusCode ?? 500;
  try {
    const { message, hint } = JSON.parse(body) as { message?: string; hint?: string };
    return refused(status, message ?? body.trim(), hint);
  } catch {
    // Not every refusal is JSON: those of the HTTP layer are plain text.
    return refused(status, body.trim() || `status ${status} without a message`, undefined);
  }
}

function unreachable(host: string, cause: NodeJS.ErrnoException): Failure {
  if (cause.code === "EACCES" || cause.code === "EPERM") {
    return new Failure("forbidden", `may not speak to netloomd at ${host}: permission denied`, {
      hint: "run this as root, or as a member of the socket's group",
      cause,
    });
  }
  if (cause.code === "ENOENT" || cause.code === "ECONNREFUSED") {
    return new Failure("unavailable", `cannot reach netloomd at ${host}: is it running? start it with: netloomd`, { cause });
  }
  return new Failure("unavailable", `lost netloomd at ${host}: ${cause.message}`, { cause });
}
