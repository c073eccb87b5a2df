import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const LINE = /^(ok|not ok) \d+ - (.*?)(?: # (SKIP|TODO).*)?$/;

/**
 * Runs a program that reports in TAP, shows each test as it ends with what it says of a failure, and counts.
 * A program that fails without naming a test is one failed test of its own; one that reports nothing counts as one test by its status.
 */
export async function runTap(name: string, argv: readonly string[]): Promise<Tally> {
  const [command = "", ...args] = argv;
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (status, signal) => resolve(status === 0 ? "" : `exit status ${status ?? signal}`));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, verdict, title = "", directive] = LINE.exec(line) ?? [];
    if (verdict === undefined) {
      if (!/^(TAP version|1\.\.|# (tests|pass|skip|fail) |\s*$)/.test(line)) console.log(`    ${line}`);
      continue;
    }
    const outcome = directive !== undefined ? "skipped" : verdict === "ok" ? "passed" : "failed";
    tally[outcome]++;
    console.log(`  ${outcome === "passed" ? "ok  " : outcome === "failed" ? "FAIL" : "skip"} ${title}`);
  }
  const trouble = await ended;
  if (trouble !== "" && tally.failed === 0) {
    tally.failed++;
    console.log(`  FAIL ${name}: ${trouble}`);
  } else if (trouble === "" && tally.passed + tally.failed + tally.skipped === 0) {
    tally.passed++;
    console.log(`  ok   ${name}`);
  }
  return tally;
}
