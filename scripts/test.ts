import { existsSync, globSync } from "node:fs";
import { eventually } from "../test/support/eventually.ts";
import { difference, snapshot } from "../test/support/snapshot.ts";
import { runAndCount, type Tally } from "./count.ts";

// Runs everything that can be wrong with a checkout and ends with one line: `N passed, N failed`.
// `npm test -- unit netns` runs only these stages.

process.chdir(new URL("..", import.meta.url).pathname);

const bin = (name: string) => `node_modules/.bin/${name}`;
const pure = /^test\/(unit\/|laws)/;
const files = globSync(["test/**/*.test.ts", "scenarios/**/*.test.ts"]).sort();

/** Stage -> what runs it; undefined where there is nothing to run. */
const STAGES: Record<string, readonly string[] | undefined> = {
  types: [bin("tsc"), "--noEmit"],
  lint: [bin("biome"), "check", "--error-on-warnings", "."],
  unit: ava(files.filter((file) => pure.test(file))),
  // Two at a time: these wait for the kernel more than they compute.
  machine: ava(
    files.filter((file) => !pure.test(file)),
    "--concurrency=2",
  ),
  asan: existsSync("scripts/test-asan") ? ["scripts/test-asan"] : undefined,
};

function ava(tests: string[], ...options: string[]): string[] | undefined {
  return tests.length === 0 ? undefined : [bin("ava"), ...options, ...tests];
}

/** Deleted links and namespaces are taken apart by the kernel in the background, so a difference counts when it stays. */
async function leaks(before: Awaited<ReturnType<typeof snapshot>>): Promise<Tally> {
  const left = await eventually(async () => {
    const found = difference(before, await snapshot());
    if (found.length > 0) throw new Error(found.join("\n"));
    return [];
  }, 10_000).catch((error: Error) => error.message.split("\n"));
  for (const what of left) console.log(`  ✘ the machine is not as it was: ${what}`);
  if (left.length === 0) console.log("  ✔ the machine is as it was: links, namespaces, rules, mounts, cgroups, processes, folders");
  return { passed: left.length === 0 ? 1 : 0, failed: left.length, skipped: 0 };
}

function unknownStage(name: string): never {
  console.error(`no such stage: ${name}; there are ${Object.keys(STAGES).join(", ")}`);
  process.exit(2);
}

const wanted = process.argv.slice(2);
for (const name of wanted) if (!(name in STAGES)) unknownStage(name);

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const add = (tally: Tally) => {
  for (const key of ["passed", "failed", "skipped"] as const) total[key] += tally[key];
};

const before = await snapshot();
for (const [name, argv] of Object.entries(STAGES)) {
  if (argv === undefined || (wanted.length > 0 && !wanted.includes(name))) continue;
  const startedAt = performance.now();
  console.log(`# ${name}`);
  add(await runAndCount(name, argv));
  console.log(`# ${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}
console.log("# leaks");
add(await leaks(before));

console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 ? 1 : 0;
