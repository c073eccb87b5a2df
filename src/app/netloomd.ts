import v8 from "node:v8";
import { Command, CommanderError } from "commander";
import { pino } from "pino";
import { type Netloomd, startNetloomd } from "../app.ts";
import type { Options } from "../config/options.ts";
import { readOptions } from "../config/read.ts";
import type { Log } from "../model/log.ts";
import { claimPidfile } from "./pidfile.ts";
import { VERSION } from "./version.ts";

/** `netloomd [flags]`: serves until SIGTERM or SIGINT. @returns 0, or 2 for a usage error */
export async function runNetloomd(argv: string[]): Promise<number> {
  const options = readArguments(argv);
  if (typeof options === "number") return options;
  const log = createLog(options);
  const pidfile = claimPidfile(options.pidfile);
  const stop = stopSignal(log);
  let daemon: Netloomd | undefined;
  try {
    daemon = await startNetloomd(options, log);
    // bin/launch.js held the nursery small for the start.
    v8.setFlagsFromString("--semi-space-growth-factor=2");
    for (const address of daemon.addresses) {
      log.info(`API listen on ${address}`);
      process.stdout.write(`API listen on ${address}\n`);
    }
    const failure = await Promise.race([stop, daemon.failed]);
    if (failure !== undefined) throw failure;
    return 0;
  } finally {
    await daemon?.close();
    pidfile.release();
  }
}

function readArguments(argv: string[]): Options | number {
  const command = new Command("netloomd")
    .description("Serves the Docker Engine API over networks that it programs into this network namespace.")
    .version(VERSION, "-v, --version")
    .exitOverride();
  try {
    return readOptions(argv, command);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function createLog({ debug, logLevel }: Options): Log {
  const logger = pino(
    { level: debug ? "debug" : logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Record<string, unknown> = {}) =>
      logger[level](fields, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** SIGHUP must not end a daemon whose terminal went away. */
function stopSignal(log: Log): Promise<void> {
  process.on("SIGHUP", () => log.info("SIGHUP: nothing to reload"));
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        log.info(`stopping on ${signal}: containers and networks stay`);
        resolve();
      });
    }
  });
}
