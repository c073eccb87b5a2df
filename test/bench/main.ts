import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { start } from "../support/process.ts";
import { benchAttach } from "./attach.ts";
import { inOwnNetns } from "./here.ts";
import { benchIdle, benchNetworks, benchStart } from "./verbs.ts";

// npm run bench -- [NAME [ARGUMENTS]]...: figures side by side in one run. Nothing here passes or fails by its time.

const BENCHES: Record<string, { what: string; run(args: number[]): Promise<void> }> = {
  attach: {
    what: "one more endpoint at 0, 100 and 1000 (or the sizes given), beside the C floor, CNI and netavark",
    run: (sizes) => benchAttach(sizes.length > 0 ? sizes : undefined),
  },
  networks: { what: "network create and rm", run: benchNetworks },
  start: { what: "start of a container on no network, on bridge and on a user-defined network", run: benchStart },
  dns: { what: "answers of the DNS server beside the least that C needs (argument: rounds)", run: (rounds) => program("dns.ts", rounds) },
  idle: { what: "the memory of an idle daemon", run: benchIdle },
};

/** A bench that is a program of its own. */
async function program(file: string, args: readonly number[]): Promise<void> {
  const child = start([process.execPath, fileURLToPath(new URL(file, import.meta.url)), ...args.map(String)], { stdio: "inherit" });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
}

const words = process.argv.slice(2);
const names = words.filter((word) => !/^\d+$/.test(word));
const unknown = names.filter((name) => !(name in BENCHES));
if (names.length === 0 || unknown.length > 0) {
  for (const name of unknown) console.error(`no such bench: ${name}`);
  console.error(
    `usage: npm run bench -- NAME...\n${Object.entries(BENCHES)
      .map(([name, { what }]) => `  ${name.padEnd(10)}${what}`)
      .join("\n")}`,
  );
  process.exitCode = 2;
} else if (await inOwnNetns()) {
  try {
    for (const name of names) {
      console.log(`# ${name}`);
      await BENCHES[name]?.run(words.filter((word) => /^\d+$/.test(word)).map(Number));
    }
  } catch (error) {
    // What went wrong first is within what went wrong while that was cleaned up.
    for (let each: unknown = error; each !== undefined; each = each instanceof SuppressedError ? each.suppressed : undefined)
      console.error(each);
    process.exitCode = 1;
  }
}
