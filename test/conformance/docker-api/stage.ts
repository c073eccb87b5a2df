import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import type { ExecutionContext } from "ava";
import { alpineTar } from "../../support/alpine.ts";
import { type Daemon, startNetloomd } from "../../support/daemon.ts";
import { dockerEnv } from "../../support/docker.ts";
import { type Host, hostNetns } from "../../support/netns.ts";
import { run } from "../../support/process.ts";
import { streamOf } from "./answers.ts";
import { createMask, type Mask } from "./mask.ts";
import { type Exchange, type Recorder, record } from "./recorder.ts";
import { type Answer, resolved, type Said, type Step } from "./story.ts";

/** A daemon in a namespace of its own, and a recorder before it. */
export interface Stage extends AsyncDisposable {
  host: Host;
  daemon: Daemon;
  recorder: Recorder;
  mask: Mask;
  /** For a client that is to be recorded. */
  env: Record<string, string>;
  /** Tells the client step for step what to do, and compares what was said. */
  play(t: ExecutionContext, steps: readonly Step[]): Promise<void>;
  /** Removes all containers, networks, volumes and the images that stories made. */
  clear(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const host = await hostNetns();
  const daemon = await startNetloomd(host);
  const socketPath = `${daemon.execRoot}/recorded.sock`;
  const recorder = await record(daemon.socketPath, socketPath);
  const mask = createMask({ data: daemon.dataRoot, run: daemon.execRoot });
  const env = dockerEnv({ ...daemon, host: recorder.host });
  await daemon.importAlpine();
  await writeFile(`${daemon.dir}/alpine.tar`, await alpineTar());
  const stage: Stage = {
    host,
    daemon,
    recorder,
    mask,
    env,
    async play(t, steps) {
      for (const step of steps) await playStep(t, stage, socketPath, step);
    },
    async clear() {
      await recorder.take();
      const ids = async (path: string, key = "Id") => (await daemon.ask<Record<string, string>[]>("GET", path)).map((row) => row[key]);
      for (const id of await ids("/containers/json?all=1")) await daemon.ask("DELETE", `/containers/${id}?force=1&v=1`);
      await daemon.ask("POST", "/networks/prune");
      await daemon.ask("POST", "/images/prune");
      await daemon.ask("POST", `/volumes/prune?filters=${encodeURIComponent('{"all":["true"]}')}`);
    },
    async [Symbol.asyncDispose]() {
      await recorder[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
  return stage;
}

/** A step that hangs ends with all that it started. */
const IN_TIME = ["timeout", "--kill-after=1", "20"];

async function playStep(t: ExecutionContext, { daemon, recorder, mask, env }: Stage, socketPath: string, step: Step): Promise<void> {
  const line = step.line.replaceAll(/\{(\w+)\}/g, (_, name) => mask.idOf(name));
  const raw = /^[A-Z]+ \//.test(line);
  const result = raw ? await ask(socketPath, line, step) : await run([...IN_TIME, "sh", "-c", line], { env, cwd: daemon.dir });
  const said = await recorder.take();
  mask.learn(said);
  compare(t, mask, step, said);
  if (result === undefined) return;
  t.is(result.status, step.exit ?? 0, `${line}\n${result.stdout}${result.stderr}`);
  if (step.prints !== undefined) t.is(mask.text(`${result.stdout}${result.stderr}`), mask.text(step.prints), line);
}

/** A request as it stands there, with no client in between that knows better. */
function ask(socketPath: string, line: string, { body, headers }: Step): Promise<undefined> {
  const [method = "", path = ""] = line.split(" ");
  const own = headers ?? (body === undefined ? {} : { "Content-Type": "application/json" });
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const outgoing = request({ socketPath, method, path, agent: false, headers: own });
  outgoing.on("upgrade", (_answer, socket) =>
    socket
      .resume()
      .on("close", () => resolve(undefined))
      .end(),
  );
  outgoing.on("response", (answer) => answer.resume().on("close", () => resolve(undefined)));
  outgoing.on("error", reject);
  outgoing.end(body);
  return promise;
}

/** A line of text a fact, so that a difference can be read. */
function compare(t: ExecutionContext, mask: Mask, step: Step, said: readonly Exchange[]): void {
  const wanted = step.wire.map(
    ([request, status, answer]): Said => [mask.text(request), resolved(status) as number, resolved(answer) as Answer],
  );
  const found = step.anyOrder ? said.toSorted((a, b) => (shown(mask, a) < shown(mask, b) ? -1 : 1)) : said;
  const actual = found.map((exchange, i) => told(mask, exchange, wanted[i]?.[2]));
  const expected = wanted.map(([request, status, answer]) => [`${request} -> ${status}`, ...wantedAnswer(answer)]);
  t.is(JSON.stringify(actual, null, 1), JSON.stringify(expected, null, 1), step.line);
  t.deepEqual(said.flatMap(unusualHeaders), [], step.line);
}

function shown(mask: Mask, { request }: Exchange): string {
  return mask.text(decodeURIComponent(request.replaceAll("+", " ")));
}

function told(mask: Mask, exchange: Exchange, wanted: Answer): unknown[] {
  const body = Buffer.concat(exchange.pieces);
  const head = `${shown(mask, exchange)} -> ${exchange.status}`;
  const type = exchange.headers["Content-Type"];
  const stream = streamOf(wanted);
  if (stream !== undefined) return [head, type ?? null, mask.json(JSON.stringify(stream.read(body)))];
  if (type === undefined && body.length === 0) return [head];
  if (type !== "application/json") return [head, type ?? null, body.toString()];
  return [head, "application/json", body.length === 0 ? "" : withoutHint(mask.json(body.toString()))];
}

/** What to do about an error is netloom's to say, in words that may change; clients that do not know the member skip it. */
function withoutHint(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null || !("message" in answer)) return answer;
  return { message: answer.message };
}

function wantedAnswer(answer: Answer): unknown[] {
  const stream = streamOf(answer);
  if (stream !== undefined) return [stream.type ?? null, resolved(stream.content)];
  return answer === undefined ? [] : ["application/json", answer];
}

const USUAL = ["Api-Version", "Docker-Experimental", "Ostype", "Server"];

/** Which of the headers that every answer but an attach has are missing, or there where they should not be. */
function unusualHeaders({ request, status, reason, headers }: Exchange): string[] {
  const isBare = status < 400 && request.includes("/attach?");
  const lost = USUAL.filter((name) => (headers[name] === undefined) !== isBare);
  // A connection that was taken over has no date, and no length.
  const wrong = ["Date", "Content-Length", "Transfer-Encoding"].filter((name) => status === 101 && headers[name] !== undefined);
  const words = status === 101 && reason !== "UPGRADED" ? [`reason ${reason}`] : [];
  return [...lost, ...wrong, ...words].map((what) => `${request}: ${what}`);
}
