import { type Add, type Context, part, several, verb } from "./command.ts";
import { converse } from "./converse.ts";
import { detachBytes } from "./detach-keys.ts";
import type { ExitStatus } from "./failure.ts";
import type { Format } from "./print.ts";

interface ExecFlags {
  format?: Format;
  detach?: true;
  detachKeys?: string;
  interactive?: true;
  tty?: true;
  env?: string[];
  user?: string;
  workdir?: string;
  privileged?: true;
}

export const addExec: Add = (parent, perform) => {
  verb(parent, "exec <container> <command...>", "Run one more command in a running container", [
    ["netloom exec web ip addr", "what the container web sees of its networks"],
    ["netloom exec -it web sh", "a shell in it"],
  ])
    .option("-d, --detach", "leave it running in the background")
    .option("--detach-keys <keys>", "the keys that leave it running (default: ctrl-p,ctrl-q)")
    .option("-i, --interactive", "keep its input open")
    .option("-t, --tty", "give it a terminal")
    .option("-e, --env <name=value>", "a variable (repeatable)", several)
    .option("-u, --user <user[:group]>", "who it runs as")
    .option("-w, --workdir <folder>", "where it starts")
    .option("--privileged", "every privilege")
    .passThroughOptions()
    .action((container: string, argv: string[], flags: ExecFlags) => perform(flags, (context) => execute(context, container, argv, flags)));
};

async function execute(context: Context, container: string, argv: string[], flags: ExecFlags): Promise<ExitStatus> {
  const { client, io, print } = context;
  const tty = flags.tty === true;
  const attach = flags.detach !== true;
  const stdin = attach && flags.interactive === true;
  const detach = detachBytes(flags.detachKeys);
  const size = tty && io.stdout.rows !== undefined ? { ConsoleSize: [io.stdout.rows, io.stdout.columns] } : {};
  const { Id } = await client.call<{ Id: string }>("POST", `/containers/${part(container)}/exec`, {
    body: {
      Cmd: argv,
      Tty: tty,
      AttachStdin: stdin,
      AttachStdout: attach,
      AttachStderr: attach,
      DetachKeys: flags.detachKeys ?? "",
      Env: flags.env ?? null,
      User: flags.user ?? "",
      WorkingDir: flags.workdir ?? "",
      Privileged: flags.privileged === true,
      ...size,
    },
  });
  if (!attach) {
    await client.call("POST", `/exec/${Id}/start`, { body: { Detach: true, Tty: tty } });
    if (print.json) print.value({ Id });
    return 0;
  }
  const hijacked = await client.hijack(`/exec/${Id}/start`, { body: { Detach: false, Tty: tty, ...size } });
  const resize = (h: number, w: number) => client.call("POST", `/exec/${Id}/resize`, { query: { h, w } });
  const { detached } = await converse(io, hijacked, { tty, stdin, detach, resize });
  if (detached) return 0;
  const { ExitCode } = await client.call<{ ExitCode: number | null }>("GET", `/exec/${Id}/json`);
  return ExitCode ?? 0;
}
