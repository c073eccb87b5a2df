import type { Readable, Writable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Session } from "../container/types.ts";
import { messageOf } from "../model/errors.ts";
import type { Log } from "../model/log.ts";
import type { Closing } from "./closing.ts";
import { DEFAULT_DETACH_KEYS, detachWatch, parseDetachKeys } from "./detach-keys.ts";
import { encode, MULTIPLEXED, RAW } from "./frames.ts";
import { writeTo } from "./stream.ts";
import type { Upgrades } from "./upgrade.ts";
import { newer, versionOf } from "./version.ts";

/** What a client asked of a session. */
export interface Wanted {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Empty means ctrl-p,ctrl-q. They are watched for on terminals only. */
  detachKeys: string;
  /** Does the end of the client's input end the process's input? Otherwise it ends the session. */
  closeStdin: boolean;
}

/** The client's side of a connection that was taken over. */
interface Wire {
  input: Readable;
  output: Writable;
  /** Whether the end of input says that the client is done; without an upgrade it only ends the request's body. */
  halfCloses: boolean;
}

/** The announced type: before API 1.42 all streams were called raw. */
export function streamType(tty: boolean, url: string): string {
  return tty || newer("1.42", versionOf(url)) ? RAW : MULTIPLEXED;
}

/**
 * Takes the connection over. After `101 UPGRADED` it is a plain stream both ways; a client that did not ask for an upgrade gets the same
 * bytes as an answer without length, which ends with the connection.
 */
export function takeOver(
  request: FastifyRequest,
  reply: FastifyReply,
  upgrades: Upgrades,
  /** `headers`: exec start has the usual ones on its 101, attach has none. `head`: what of the stream was read already. */
  wanted: { tty: boolean; headers: Record<string, string>; head?: Buffer },
): Wire {
  reply.hijack();
  const upgrade = upgrades.get(request.raw);
  if (upgrade === undefined) {
    reply.raw.removeHeader("Transfer-Encoding");
    reply.raw.writeHead(200, { ...wanted.headers, "Content-Type": RAW, Connection: "close" });
    reply.raw.flushHeaders();
    return { input: request.raw, output: reply.raw, halfCloses: false };
  }
  const { socket } = upgrade;
  reply.raw.detachSocket(socket as Parameters<typeof reply.raw.detachSocket>[0]);
  const headers = { ...wanted.headers, "Content-Type": streamType(wanted.tty, request.originalUrl), Connection: "Upgrade", Upgrade: "tcp" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 101 UPGRADED\r\n${lines.join("")}\r\n`);
  const head = wanted.head ?? upgrade.head;
  if (head.length > 0) socket.unshift(head);
  return { input: socket, output: socket, halfCloses: true };
}

/**
 * Carries bytes between a client and a session until the output ends, the client detaches or goes away. The process is never harmed by it.
 * @returns whether the client detached by its keys.
 */
export async function carry(
  wire: Wire,
  session: Session,
  wanted: Wanted,
  { closing, log }: { closing: Closing; log: Log },
): Promise<{ detached: boolean }> {
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, closing.signal]);
  const leave = () => gone.abort();
  wire.output.on("close", leave).on("error", leave);
  signal.addEventListener("abort", () => session.close(), { once: true });
  let detached = false;
  carryInput(wire, session, wanted).then((end) => {
    detached = end === "detached";
    if (end !== "open") leave();
  }, leave);
  try {
    await carryOutput(wire.output, session, wanted, signal);
  } catch (error) {
    if (!signal.aborted) log.error("a session broke off", { error: messageOf(error) });
  } finally {
    session.close();
    // The end is ours to set: a client that never closes its side must not keep a half of the connection.
    wire.output.end(() => wire.input.destroy());
  }
  return { detached };
}

async function carryOutput(output: Writable, session: Session, wanted: Wanted, signal: AbortSignal): Promise<void> {
  for await (const { stream, data } of session.output) {
    if (signal.aborted) return;
    const asked = session.tty ? wanted.stdout || wanted.stderr : stream === 1 ? wanted.stdout : wanted.stderr;
    if (asked) await writeTo(output, encode(session.tty, stream, data), signal);
  }
}

/** @returns `open` when the session goes on without input, `detached` or `ended` when it is over. */
async function carryInput({ input, halfCloses }: Wire, session: Session, wanted: Wanted): Promise<"open" | "detached" | "ended"> {
  if (!wanted.stdin) {
    input.resume();
    return "open";
  }
  const watch = session.tty ? detachWatch(parseDetachKeys(wanted.detachKeys || DEFAULT_DETACH_KEYS)) : undefined;
  for await (const data of input.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const { pass, detached } = watch?.(data) ?? { pass: data, detached: false };
    if (pass.length > 0) await session.write(pass);
    if (detached) return "detached";
  }
  if (wanted.closeStdin && !session.tty) {
    session.endInput();
    return "open";
  }
  return halfCloses ? "ended" : "open";
}
