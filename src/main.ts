import { messageOf, NetError } from "./model/errors.ts";

/** Which face am I? @returns the exit status. The faces are imported when they are needed: the command line must not pay for the daemon. */
export async function main(name: string, argv: string[]): Promise<number> {
  try {
    if (name === "netloomd") return await (await import("./app/netloomd.ts")).runNetloomd(argv);
    const { runCli } = await import("./cli/main.ts");
    const { processIo } = await import("./cli/io.ts");
    return await runCli(argv, processIo());
  } catch (error) {
    process.stderr.write(`${name}: ${messageOf(error)}\n`);
    if (error instanceof NetError && error.hint !== undefined) process.stderr.write(`${error.hint}\n`);
    return 1;
  }
}
