import { rm } from "node:fs/promises";
import type { ExecutionContext } from "ava";
import { type Daemon, startDaemon } from "../../../src/daemon/index.ts";
import { type Fakes, fakes } from "./fakes.ts";

export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there
  json: any;
}

export interface Harness extends Omit<Fakes, "events"> {
  daemon: Daemon;
  /** A header that is empty is not sent. */
  call(method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD", url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Creates a container and returns its id. */
  made(name: string, body?: object): Promise<string>;
  /** `type action` of the events since the last call. */
  events(): string[];
}

/** A daemon over fakes, gone with the test. */
export async function harness(t: ExecutionContext): Promise<Harness> {
  const parts = fakes();
  const daemon = await startDaemon(parts);
  t.teardown(async () => {
    await daemon.close();
    await parts.containers.close();
    await rm(parts.info.dataRoot, { recursive: true, force: true });
  });
  const call: Harness["call"] = async (method, url, body, headers) => {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const type = text === undefined ? {} : { "content-type": "application/json" };
    const sent = Object.entries({ ...type, ...headers }).filter(([, value]) => value !== "");
    const answer = await daemon.inject({ method, url, headers: Object.fromEntries(sent), ...(text !== undefined && { payload: text }) });
    const isJson = answer.headers["content-type"] === "application/json" && /^[^\n]+\n?$/.test(answer.payload);
    const json = isJson ? JSON.parse(answer.payload) : undefined;
    return { status: answer.statusCode, headers: answer.headers as Answer["headers"], text: answer.payload, json };
  };
  return {
    ...parts,
    daemon,
    call,
    async made(name, body = {}) {
      const { json } = await call("POST", `/v1.50/containers/create?name=${name}`, { Image: "alpine", Cmd: ["sleep", "9"], ...body });
      return json.Id;
    },
    events: () => parts.told.splice(0).map(({ type, action }) => `${type} ${action}`),
  };
}

/** Waits for what is about to happen, without sleeping longer than needed. */
export async function until(holds: () => boolean, timeoutMs = 2000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("it did not happen in time");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
