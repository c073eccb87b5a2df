/** One message of HTTP/1.1 as it went over the wire. */
export interface Message {
  /** Where its first byte was, counted from the beginning of the connection. */
  offset: number;
  /** `GET /v1.50/info HTTP/1.1`, `HTTP/1.1 200 OK`. */
  startLine: string;
  /** Names as they were written. */
  headers: Record<string, string>;
  /** How its end was known; `upgraded`: the rest of the connection is no HTTP any more. */
  framing: "none" | "length" | "chunked" | "close" | "upgraded";
  /** The body as it came: one piece for each chunk of a chunked one, else at most one piece. */
  pieces: Buffer[];
}

/** Reads what one side of a connection said. A message whose end was not recorded is given as far as it came. */
export function readMessages(bytes: Buffer, framingOf: (index: number, head: Head) => Message["framing"]): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const head = readHead(bytes.subarray(at, end).toString("latin1"));
    const framing = framingOf(messages.length, head);
    const { pieces, next } = readBody(bytes, end + 4, framing, Number(head.headers["Content-Length"] ?? 0));
    messages.push({ offset: at, ...head, framing, pieces });
    at = next;
  }
  return messages;
}

type Head = Pick<Message, "startLine" | "headers">;

/** As the message itself tells it. A request without length has no body, an answer without length goes on to the end of its connection. */
export function announcedFraming({ headers }: Head, otherwise: "none" | "close"): Message["framing"] {
  if (headers["Transfer-Encoding"] === "chunked") return "chunked";
  return headers["Content-Length"] === undefined ? otherwise : "length";
}

function readHead(text: string): Head {
  const [startLine = "", ...lines] = text.split("\r\n");
  return {
    startLine,
    headers: Object.fromEntries(lines.map((line) => [capital(line.split(":", 1)[0] ?? ""), line.replace(/^[^:]*: */, "")])),
  };
}

/** Names of headers are the same in any case: written here as Go writes them. */
function capital(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function readBody(bytes: Buffer, from: number, framing: Message["framing"], length: number): { pieces: Buffer[]; next: number } {
  if (framing === "chunked") return readChunks(bytes, from);
  const next = framing === "none" ? from : framing === "length" ? from + length : bytes.length;
  return { pieces: next > from ? [bytes.subarray(from, next)] : [], next };
}

function readChunks(bytes: Buffer, from: number): { pieces: Buffer[]; next: number } {
  const pieces: Buffer[] = [];
  for (let at = from; at < bytes.length; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const length = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    at = lineEnd + 2 + length + 2;
    if (length === 0) return { pieces, next: at };
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
  }
  return { pieces, next: bytes.length };
}
