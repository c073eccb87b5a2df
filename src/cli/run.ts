import type { IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import type { WaitResult } from "./api.ts";
import type { Client } from "./client.ts";
import { type Add, type Context, verb } from "./command.ts";
import { converse } from "./converse.ts";
import { detachBytes } from "./detach-keys.ts";
import { type ExitStatus, Failure, usage } from "./failure.ts";
import { createBody } from "./run-body.ts";
import { addRunFlags, type RunFlags } from "./run-flags.ts";
import { relaySignals } from "./signals.ts";

export const addRun: Add = (parent, perform) => {
  const command = verb(parent, "run <image> [command...]", "Make a container of an image and run a command in it", [
    ["netloom run -it --rm alpine", "a shell, gone when you leave it"],
    ["netloom run -d --name web --network my-net -p 8080:80 alpine httpd -f -h /www", "a server in the background, reachable at port 8080"],
    ["netloom run --rm --network name=lab,ip=10.1.8.9,alias=db --network my-net alpine ip addr", "on two networks"],
  ]);
  addRunFlags(command)
    .helpOption("--help", "display help for command")
    .passThroughOptions()
    .action((image: string, argv: string[], flags: RunFlags) =>
      perform(flags, (context) => runContainer(context, image, argv, flags).catch(asDocker)),
    );
};

async function runContainer(context: Context, image: string, argv: string[], flags: RunFlags): Promise<ExitStatus> {
  const { client, io, print } = context;
  if (flags.format !== undefined && !flags.detach) throw usage("--format needs --detach: without it, what the process prints is printed");
  const detach = detachBytes(flags.detachKeys);
  const body = createBody(image, argv, flags, io);
  const made = await client.call<{ Id: string; Warnings: string[] | null }>("POST", "/containers/create", {
    query: { name: flags.name },
    body,
  });
  for (const warning of made.Warnings ?? []) io.stderr.write(`netloom: warning: ${warning}\n`);
  if (!flags.detach) return attached(context, made.Id, flags, detach);
  await client.call("POST", `/containers/${made.Id}/start`);
  if (print.json) print.value(made);
  else print.line(made.Id);
  return 0;
}

/** The attach and the wait are there before the start, so that no byte and no quick end is missed. */
async function attached(context: Context, id: string, flags: RunFlags, detach: Buffer): Promise<ExitStatus> {
  const { client, io } = context;
  const tty = flags.tty === true;
  const stdin = flags.interactive === true;
  const hijacked = await client.hijack(`/containers/${id}/attach`, {
    query: { stream: true, stdout: true, stderr: true, stdin, detachKeys: flags.detachKeys },
  });
  const waiting = await client.open("POST", `/containers/${id}/wait`, { query: { condition: flags.rm ? "removed" : "next-exit" } });
  try {
    await client.call("POST", `/containers/${id}/start`);
    using _relay = relaySignals(io, tty ? [] : ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"], (signal) =>
      kill(client, id, signal),
    );
    const resize = (h: number, w: number) => client.call("POST", `/containers/${id}/resize`, { query: { h, w } });
    const { detached } = await converse(io, hijacked, { tty, stdin, detach, resize });
    return detached ? 0 : await exitStatus(waiting);
  } finally {
    hijacked.stream.destroy();
    waiting.destroy();
  }
}

async function exitStatus(waiting: IncomingMessage): Promise<ExitStatus> {
  const { StatusCode, Error: trouble } = (await json(waiting)) as WaitResult;
  if (trouble?.Message) throw new Failure("internal", trouble.Message);
  return StatusCode;
}

function kill(client: Client, id: string, signal: NodeJS.Signals): Promise<unknown> {
  return client.call("POST", `/containers/${id}/kill`, { query: { signal: signal.slice(3) } });
}

/** As `docker run` ends: 127 when the command was not found, 126 when it could not be run, 125 for any other trouble before that. */
function asDocker(error: unknown): never {
  if (!(error instanceof Failure) || error.exitStatus === 2) throw error;
  const notFound = /executable file not found|no such file or directory/.test(error.message);
  const exitStatus = notFound ? 127 : /permission denied|is a directory/.test(error.message) && error.code === "invalid" ? 126 : 125;
  throw new Failure(error.code, error.message, { cause: error, exitStatus, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}
