import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Runs one of the two programs: compiled where it was published, from source by type stripping in a checkout. */
export async function launch(name) {
  if (Number.parseInt(process.versions.node, 10) < 24) return relaunch(name);
  const compiled = here("../dist/src/main.js");
  const isCompiled = existsSync(compiled);
  // Types are stripped once and not at every start, which halves it.
  if (!isCompiled) module.enableCompileCache(here("../build/compile-cache"));
  // The garbage of a start would make the nursery as large as it can get, and it is never given back; the daemon lets it grow once it serves.
  if (name === "netloomd") v8.setFlagsFromString("--semi-space-growth-factor=1");
  const { main } = await import(isCompiled ? compiled : here("../src/main.ts"));
  process.exitCode = await main(name, process.argv.slice(2));
}

/** An older Node starts the one that the checkout pins, and is a transparent shell around it. */
function relaunch(name) {
  const pinned = here("../node_modules/node/bin/node");
  if (!existsSync(pinned)) {
    console.error(`${name}: Node.js ${process.versions.node} is too old, 24 or newer is needed`);
    console.error("in a checkout, scripts/setup brings the right one");
    process.exitCode = 1;
    return;
  }
  const child = spawn(pinned, [here(`./${name}.js`), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (status, signal) => {
    process.exitCode = status ?? 128 + constants.signals[signal];
    process.exit();
  });
}
