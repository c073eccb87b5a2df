import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";

/** What came in: `POST /v1.51/networks/create`, its query and body. */
export interface Seen {
  line: string;
  query: Record<string, string[]>;
  body: unknown;
}

/** How a request is answered: a status and a body, or, for an upgrade, a conversation. */
export interface Answer {
  status?: number;
  /** An object is sent as JSON; a Buffer with `type`. */
  body?: unknown;
  type?: string;
  /** Keeps the answer open: headers at once, the body when this resolves. */
  after?: Promise<unknown>;
  upgrade?: (socket: Duplex) => void;
}

export interface FakeDaemon extends AsyncDisposable {
  host: string;
  seen: Seen[];
}

const FRAMED = "application/vnd.docker.multiplexed-stream";

/** A server on a unix socket that answers by a table of `METHOD path` (without the version), and remembers what it was asked. */
export async function fakeDaemon(routes: Record<string, Answer | ((seen: Seen) => Answer)>): Promise<FakeDaemon> {
  const dir = await mkdtemp(`${tmpdir()}/nl-cli-`);
  const seen: Seen[] = [];
  const answerTo = (one: Seen): Answer => {
    seen.push(one);
    const route = routes[one.line.replace("/v1.51", "")];
    return (typeof route === "function" ? route(one) : route) ?? { status: 404, body: { message: `page not found: ${one.line}` } };
  };
  const server = createServer({ allowHalfOpen: true } as never, async (request, response) => {
    const answer = answerTo(await read(request));
    const isJson = answer.body !== undefined && !Buffer.isBuffer(answer.body) && typeof answer.body !== "string";
    response.writeHead(answer.status ?? 200, { "content-type": answer.type ?? (isJson ? "application/json" : "text/plain") });
    response.flushHeaders();
    await answer.after;
    response.end(isJson ? JSON.stringify(answer.body) : answer.body);
  });
  server.on("upgrade", async (request, socket: Duplex, head: Buffer) => {
    if (head.length > 0) socket.unshift(head);
    const answer = answerTo(await read(request));
    if (answer.upgrade === undefined) {
      const body = JSON.stringify(answer.body);
      socket.end(
        `HTTP/1.1 ${answer.status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    socket.write(`HTTP/1.1 101 UPGRADED\r\nContent-Type: ${answer.type ?? FRAMED}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
    answer.upgrade(socket);
  });
  await new Promise<void>((resolve) => server.listen(`${dir}/s`, resolve));
  return {
    host: `unix://${dir}/s`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true });
    },
  };
}

async function read(request: IncomingMessage): Promise<Seen> {
  const url = new URL(request.url ?? "", "http://x");
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) query[name] = [...(query[name] ?? []), value];
  const bytes =
    request.headers["content-length"] === undefined && request.headers["transfer-encoding"] === undefined
      ? Buffer.alloc(0)
      : await buffer(request);
  const isJson = request.headers["content-type"] === "application/json";
  return { line: `${request.method} ${decodeURIComponent(url.pathname)}`, query, body: isJson ? JSON.parse(bytes.toString()) : bytes };
}

/** One frame of a multiplexed stream. */
export function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}
