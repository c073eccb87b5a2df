import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** A line of ava's report, or of TAP, that is the verdict on one test. (ava's own TAP reporter breaks on a test that hangs.) */
const VERDICTS: [keyof Tally, RegExp][] = [
  ["skipped", /^ *- \[(?:skip|todo)\] /],
  ["skipped", /^(?:not )?ok \d+ .*# (?:SKIP|TODO)/],
  ["passed", /^ *✔ /],
  ["passed", /^ok \d+ /],
  ["failed", /^ *✘ /],
  ["failed", /^not ok \d+ /],
];

/**
 * Runs a program that reports on tests, passes on what it says, and counts.
 * A program that fails without a failed test is one of its own; one that reports on nothing counts as one test by its status.
 */
export async function runAndCount(name: string, argv: readonly string[]): Promise<Tally> {
  const [command = "", ...args] = argv;
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NO_COLOR: "1" } });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (status, signal) => resolve(status === 0 ? "" : `exit status ${status ?? signal}`));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const verdict = VERDICTS.find(([, pattern]) => pattern.test(line))?.[0];
    if (verdict !== undefined) tally[verdict]++;
    if (line.trim() !== "") console.log(line);
  }
  const trouble = await ended;
  if (trouble !== "" && tally.failed === 0) {
    tally.failed++;
    console.log(`  ✘ ${name}: ${trouble}`);
  } else if (trouble === "" && tally.passed + tally.failed + tally.skipped === 0) {
    tally.passed++;
    console.log(`  ✔ ${name}`);
  }
  return tally;
}
