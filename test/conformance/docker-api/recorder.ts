import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { announcedFraming, type Message, readMessages } from "./wire.ts";

/** A request and what the daemon said to it. */
export interface Exchange {
  /** `POST /containers/create?name=c1`, without the version. */
  request: string;
  version: string | undefined;
  body: Buffer;
  status: number;
  reason: string;
  headers: Record<string, string>;
  framing: Message["framing"];
  pieces: Buffer[];
  /** What the client said on a connection that was taken over. */
  said: Buffer;
}

/** Stands between a client and a daemon and writes down what they say, without changing a byte of it. */
export interface Recorder extends AsyncDisposable {
  /** `unix:///...`, for the client. */
  host: string;
  /** All that was said since the last call, in the order of the requests, without the ping that begins each command. Clients must have ended. */
  take(): Promise<Exchange[]>;
}

/** One side of a connection: its bytes, and when each part of them came. */
interface Side {
  parts: Buffer[];
  /** [offset, turn] of each part; turns are counted over all connections. */
  turns: [offset: number, turn: number][];
}

interface Call {
  client: Side;
  daemon: Side;
  over: Promise<unknown>;
}

export async function record(daemonSocket: string, path: string): Promise<Recorder> {
  const calls: Call[] = [];
  let turn = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const daemon = connect({ path: daemonSocket, allowHalfOpen: true });
    const note = (from: Socket): Side => {
      const side: Side = { parts: [], turns: [] };
      from.on("data", (data: Buffer) => {
        side.turns.push([side.parts.reduce((sum, part) => sum + part.length, 0), turn++]);
        side.parts.push(data);
      });
      return side;
    };
    calls.push({ client: note(client), daemon: note(daemon), over: Promise.all([closed(client), closed(daemon)]) });
    for (const [from, to] of [
      [client, daemon],
      [daemon, client],
    ] as const) {
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(path);
  await once(server, "listening");
  return {
    host: `unix://${path}`,
    async take() {
      const done = calls.splice(0);
      await Promise.all(done.map(({ over }) => over));
      return done
        .flatMap(exchangesOf)
        .toSorted((a, b) => a.turn - b.turn)
        .map(({ exchange }) => exchange)
        .filter(({ request, version }) => request !== "HEAD /_ping" || version !== undefined);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

/** Whatever ended it: a client that breaks off is part of what is recorded. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

function exchangesOf({ client, daemon }: Call): { turn: number; exchange: Exchange }[] {
  const upgrades = (head: { headers: Record<string, string> }) => head.headers.Upgrade !== undefined;
  const requests = readMessages(Buffer.concat(client.parts), (_, head) => announcedFraming(head, "none"));
  const answers = readMessages(Buffer.concat(daemon.parts), (i, head) => {
    if (head.startLine.includes(" 101 ")) return "upgraded";
    return requests[i]?.startLine.startsWith("HEAD ") ? "none" : announcedFraming(head, /204|304/.test(head.startLine) ? "none" : "close");
  });
  return answers.flatMap((answer, i) => {
    const request = requests[i];
    if (request === undefined) return [];
    const rest = Buffer.concat(client.parts).subarray(request.offset);
    const said = upgrades(answer) ? rest.subarray(rest.indexOf("\r\n\r\n") + 4 + Buffer.concat(request.pieces).length) : Buffer.alloc(0);
    return [{ turn: turnOf(client, request.offset), exchange: exchange(request, answer, said) }];
  });
}

function exchange(request: Message, answer: Message, said: Buffer): Exchange {
  const [method = "", target = ""] = request.startLine.split(" ");
  const [, status = "", reason = ""] = /^HTTP\/1\.1 (\d+) ?(.*)$/.exec(answer.startLine) ?? [];
  const version = /^\/v(\d+\.\d+)\//.exec(target)?.[1];
  return {
    request: `${method} ${version === undefined ? target : target.slice(version.length + 2)}`,
    version,
    body: Buffer.concat(request.pieces),
    status: Number(status),
    reason,
    headers: answer.headers,
    framing: answer.framing,
    pieces: answer.pieces,
    said,
  };
}

function turnOf({ turns }: Side, offset: number): number {
  return turns.findLast(([from]) => from <= offset)?.[1] ?? 0;
}
