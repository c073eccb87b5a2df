import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Netns } from "../support/netns.ts";
import { must, run, start } from "../support/process.ts";

const MARK = "NETLOOM_BENCH_INSIDE";

/**
 * Runs this program again in a network namespace of its own, so that whatever is measured starts there without a helper in between, and all of
 * its links vanish with it. @returns true in the inner run
 */
export async function inOwnNetns(): Promise<boolean> {
  if (process.env[MARK] === "1") {
    await must(["ip", "link", "set", "lo", "up"]);
    return true;
  }
  const child = spawn("unshare", ["--net", process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, [MARK]: "1" },
  });
  const [status] = (await once(child, "exit")) as [number | null];
  process.exitCode = status ?? 1;
  return false;
}

/** The namespace that we are in, as the helpers take it. */
export function here(): Netns {
  return { path: "/proc/self/ns/net", argv: (argv) => [...argv], run, must, start, async [Symbol.asyncDispose]() {} };
}

/** Veth pairs on a bridge, their other ends up in a namespace at `pen`: what it is to be the N-th, without N of everything else. */
export async function addVeths(bridge: string, pen: string, prefix: string, first: number, last: number): Promise<void> {
  const outer: string[] = [];
  const inner: string[] = [];
  for (let i = first; i <= last; i++) {
    outer.push(`link add ${prefix}${i} up master ${bridge} type veth peer name ${prefix}${i} netns ${pen}`);
    inner.push(`link set ${prefix}${i} up`);
  }
  if (outer.length === 0) return;
  await must(["ip", "-batch", "-"], { input: `${outer.join("\n")}\n`, timeoutMs: 120_000 });
  await must(["nsenter", `--net=${pen}`, "ip", "-batch", "-"], { input: `${inner.join("\n")}\n`, timeoutMs: 120_000 });
}
