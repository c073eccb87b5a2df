import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Netns } from "./netns.ts";
import { end } from "./process.ts";

/** What became of a question: the address that the other side saw as its sender, or how it failed. */
export type Answer = { from: string } | { failed: "refused" | "timeout" | "unreachable" };

/** Somebody on the network: a process in a namespace that answers and asks over real sockets. Whoever is asked says from which address. */
export interface Peer extends AsyncDisposable {
  /** Answers on a port of every address, or of one. */
  serve(protocol: "tcp" | "udp", port: number, ip?: string): Promise<void>;
  /** Asks once, over a connection of its own. */
  ask(protocol: "tcp" | "udp", ip: string, port: number, timeoutMs?: number): Promise<Answer>;
  /** Opens a TCP connection and keeps it; `say` sends over it and waits for the answer. */
  hold(ip: string, port: number): Promise<{ say(timeoutMs?: number): Promise<Answer> }>;
}

/** A verb for the other side (peer-main.ts), with a number by which its answer is known. */
export type Request = { id: number; timeoutMs: number } & (
  | { verb: "serve"; protocol: "tcp" | "udp"; port: number; ip?: string }
  | { verb: "ask"; protocol: "tcp" | "udp"; ip: string; port: number }
  | { verb: "hold"; ip: string; port: number }
  | { verb: "say"; held: number }
);
export type Reply = { id: number; value?: unknown; error?: string };

type Verb = Request extends infer R ? (R extends Request ? Omit<R, "id" | "timeoutMs"> : never) : never;

/** Long enough for a busy machine's answer, short enough to wait for one that never comes. */
const TIMEOUT_MS = 600;

export async function startPeer(where: Netns): Promise<Peer> {
  const main = fileURLToPath(new URL("peer-main.ts", import.meta.url));
  const child = where.start([process.execPath, main], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map<number, (reply: Reply) => void>();
  child.on("message", (reply: Reply) => waiting.get(reply.id)?.(reply));
  await once(child, "message");
  let last = 0;
  const request = (verb: Verb, timeoutMs = TIMEOUT_MS) =>
    new Promise<unknown>((resolve, reject) => {
      const id = ++last;
      waiting.set(id, (reply) => {
        waiting.delete(id);
        if (reply.error === undefined) resolve(reply.value);
        else reject(new Error(reply.error));
      });
      child.send({ ...verb, id, timeoutMs });
    });
  return {
    async serve(protocol, port, ip) {
      await request({ verb: "serve", protocol, port, ...(ip !== undefined && { ip }) });
    },
    ask: (protocol, ip, port, timeoutMs) => request({ verb: "ask", protocol, ip, port }, timeoutMs) as Promise<Answer>,
    async hold(ip, port) {
      const held = (await request({ verb: "hold", ip, port })) as number;
      return { say: (timeoutMs) => request({ verb: "say", held }, timeoutMs) as Promise<Answer> };
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}
