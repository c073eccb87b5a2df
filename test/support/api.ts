import { type IncomingHttpHeaders, request } from "node:http";
import { buffer } from "node:stream/consumers";

export interface Reply<T> {
  status: number;
  headers: IncomingHttpHeaders;
  /** Parsed when it is JSON, else the text. */
  body: T;
}

export interface Call {
  /** Sent as JSON; a Buffer is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** One request over a unix socket, with nothing between the test and the wire. */
export function call<T>(socketPath: string, method: string, path: string, options: Call = {}): Promise<Reply<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply<T>>();
  const isRaw = Buffer.isBuffer(options.body);
  const payload = options.body === undefined ? undefined : isRaw ? (options.body as Buffer) : JSON.stringify(options.body);
  const type = payload === undefined ? {} : { "content-type": isRaw ? "application/x-tar" : "application/json" };
  const outgoing = request(
    { socketPath, method, path, agent: false, headers: { host: "netloom", ...type, ...options.headers } },
    (incoming) => {
      buffer(incoming).then(
        (bytes) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: parse(bytes, incoming.headers) as T }),
        reject,
      );
    },
  );
  outgoing.on("error", reject);
  outgoing.end(payload);
  return promise;
}

function parse(bytes: Buffer, headers: IncomingHttpHeaders): unknown {
  const text = bytes.toString();
  return headers["content-type"]?.startsWith("application/json") && text !== "" && !text.trimEnd().includes("\n{")
    ? JSON.parse(text)
    : text;
}
