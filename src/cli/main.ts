import { Command, CommanderError } from "commander";
import { messageOf, NetError } from "../model/errors.ts";
import { connect } from "./client.ts";
import type { Add, Perform } from "./command.ts";
import { addCompletion } from "./completion.ts";
import { addContainers } from "./container.ts";
import { addExec } from "./exec.ts";
import { type ExitStatus, Failure } from "./failure.ts";
import { DEFAULT_HOST } from "./host.ts";
import { addImages } from "./image.ts";
import { addInspect } from "./inspect.ts";
import { type Io, processIo } from "./io.ts";
import { addLogs } from "./logs.ts";
import { addNetwork } from "./network.ts";
import { printer } from "./print.ts";
import { addRun } from "./run.ts";
import { addSystem } from "./system.ts";
import { ownVersion } from "./version.ts";

const VERBS: readonly Add[] = [addNetwork, addRun, addExec, addContainers, addLogs, addInspect, addImages, addSystem, addCompletion];

/** The whole of `netloom`: argv (without the program) to exit status. Never throws. */
export async function runCli(argv: readonly string[], io: Io = processIo()): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const complain = (error: unknown) => void io.stderr.write(complaint(error));
  const program = root(io);
  const perform: Perform = async ({ format }, deed) => {
    const { host } = program.opts<{ host?: string }>();
    const client = connect(host ?? io.env.NETLOOM_HOST ?? DEFAULT_HOST);
    const done = await deed({ io, client, print: printer(io.stdout, format), complain });
    status = typeof done === "number" ? done : 0;
  };
  for (const add of VERBS) add(program, perform);
  try {
    await program.parseAsync(argv, { from: "user" });
    return status;
  } catch (error) {
    // Commander has told what is wrong (or has shown the help) by now.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    complain(error);
    return error instanceof Failure ? error.exitStatus : error instanceof NetError && error.code === "invalid" ? 2 : 1;
  }
}

function root(io: Io): Command {
  return new Command("netloom")
    .description("Container networks: make them, join them, look into them, and run containers on them.")
    .version(ownVersion(), "-V, --version")
    .option("-H, --host <address>", `the daemon (default: $NETLOOM_HOST or ${DEFAULT_HOST})`)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "netloom: ")),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .addHelpText("after", HELP);
}

const HELP = `
Examples:
  $ netloom network create my-net
  $ netloom run -d --name web --network my-net -p 8080:80 alpine httpd -f -h /www
  $ netloom run --rm --network my-net alpine wget -qO- http://web
  $ netloom ps

Exit status: 0 done, 1 the daemon refused or is not there, 2 the command line is wrong.
run and exec end with the status of the process; run with 125 when the container could not
be made or started, 126 when its command could not be run, 127 when there is no such command.`;

function complaint(error: unknown): string {
  const hint = error instanceof NetError && error.hint !== undefined ? `${error.hint}\n` : "";
  return `netloom: ${messageOf(error)}\n${hint}`;
}
