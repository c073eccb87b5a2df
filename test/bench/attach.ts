import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { startNetloomd } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { cniContender } from "./cni.ts";
import type { Contender } from "./contender.ts";
import { FLOOR, FLOOR_LINK, floorContender } from "./floor.ts";
import { here } from "./here.ts";
import { goalText, medianOf, note, rotated, type Samples, samplesTable } from "./measure.ts";
import { netavarkContender } from "./netavark.ts";
import { INSIDE, netloomContender } from "./netloom.ts";

const SIZES = [0, 100, 1000];
const ROUNDS = 25;
/** The first ones pay for what is made once and stays, such as a bridge. */
const WARM_UP = 3;

/** One more container on a bridge network that has 0, 100 and 1000, everybody in turn. */
export async function benchAttach(sizes: readonly number[] = SIZES): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const daemon = stack.use(await startNetloomd(here(), { startMs: 30_000 }));
  await daemon.importAlpine();
  const all = [await floorContender(), await netloomContender(daemon), await cniContender(), await netavarkContender()];
  const contenders = all.filter((one) => one !== undefined);
  for (const one of contenders) stack.use(one);
  for (const [name, one] of [
    ["CNI bridge", all[2]],
    ["netavark", all[3]],
  ] as const)
    if (one === undefined) console.log(`${name} is not installed, and not measured`);
  for (const round of Array(WARM_UP).keys()) await measure(contenders, round, false);
  for (const size of sizes) {
    for (const one of contenders) console.log(`${one.name}: ${size} endpoints (${size === 0 ? "none yet" : await one.grow(size)})`);
    const attaches: Samples = new Map();
    const detaches: Samples = new Map();
    for (const round of Array(ROUNDS).keys()) {
      const { attach, detach } = await measure(contenders, round, true);
      for (const values of attach) note(attaches, values);
      for (const values of detach) note(detaches, values);
    }
    console.log(`\nattach at ${size} endpoints\n${samplesTable(attaches, [FLOOR, FLOOR_LINK])}`);
    console.log(goalText("attach to the floor", medianOf(attaches, INSIDE) / medianOf(attaches, FLOOR), 2, "x"));
    console.log(`\ndetach at ${size} endpoints, until the answer\n${samplesTable(detaches, [FLOOR])}`);
    console.log(`${goalText("answer to a disconnect", medianOf(detaches, INSIDE) / 1000, 2, " ms")}\n`);
  }
  console.log("netloomd connects a container whose namespace exists; the fair pair for that is the floor without netns.");
  console.log("CNI and netavark are timed as whole programs, without the making of the namespace.");
}

/** The links of our namespace, in the cheapest way there is. */
function linkCount(): number {
  return readFileSync("/proc/net/dev", "utf8").split("\n").length;
}

async function measure(contenders: readonly Contender[], round: number, settle: boolean) {
  const attach: Record<string, number>[] = [];
  const detach: Record<string, number>[] = [];
  for (const one of rotated(contenders, round)) {
    const before = linkCount();
    attach.push(await one.attach());
    detach.push(await one.detach());
    // The kernel takes the links apart in the background; the next one must not pay for it.
    if (settle) await eventually(() => assert(linkCount() <= before), 10_000, 5);
  }
  return { attach, detach };
}
