import { once } from "node:events";
import { mkdir, mkdtemp } from "node:fs/promises";
import { createInterface } from "node:readline";
import { end, must, ROOT, start } from "../support/process.ts";
import { sweep } from "../support/sweep.ts";
import { type Contender, linksOnly, removeFolder } from "./contender.ts";

export const FLOOR = "floor";
export const FLOOR_LINK = "floor without netns";

const BRIDGE = "floor0";

/** The C program that does what an attach needs and nothing else, on a bridge of its own. */
export async function floorContender(): Promise<Contender> {
  const program = `${ROOT}/build/bench/floor`;
  await mkdir(`${ROOT}/build/bench`, { recursive: true });
  await must(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, `${ROOT}/test/bench/floor.c`]);
  await must(["ip", "link", "add", BRIDGE, "type", "bridge"]);
  await must(["ip", "address", "add", "10.201.0.1/16", "dev", BRIDGE]);
  await must(["ip", "link", "set", BRIDGE, "up"]);
  const folder = await mkdtemp("/run/nl-floor-");
  const links = await linksOnly(() => BRIDGE);
  const child = start([program, folder, BRIDGE], { stdio: ["pipe", "pipe", "inherit"] });
  if (child.stdin === null || child.stdout === null) throw new Error("floor: no pipes");
  const lines = createInterface({ input: child.stdout });
  let n = 0;

  async function ask(command: string): Promise<number[]> {
    const answer = once(lines, "line", { signal: AbortSignal.timeout(10_000) });
    child.stdin?.write(`${command}\n`);
    const [line] = (await answer) as [string];
    return line.split(" ").map(Number);
  }

  return {
    name: FLOOR,
    grow: links.grow,
    async attach() {
      n++;
      const [total = Number.NaN, link = Number.NaN] = await ask(`attach f${n} 10.201.${200 + (n >> 8)}.${n & 255}/16 10.201.0.1`);
      return { [FLOOR]: total, [FLOOR_LINK]: link };
    },
    async detach() {
      const [total = Number.NaN] = await ask(`detach f${n}`);
      return { [FLOOR]: total };
    },
    async [Symbol.asyncDispose]() {
      await end(child);
      await links[Symbol.asyncDispose]();
      await must(["ip", "link", "delete", BRIDGE]);
      await sweep([folder]);
      await removeFolder(folder);
    },
  };
}
