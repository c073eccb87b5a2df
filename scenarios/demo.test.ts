import { readFileSync, writeFileSync } from "node:fs";
import test from "ava";
import { ROOT, run } from "../test/support/process.ts";

const README = `${ROOT}/README.md`;
const BLOCK = /(<!-- demo:[^>]*-->\n```console\n)([\s\S]*?)(```\n<!-- \/demo -->)/;

/** Times, measurements and temporary names differ from run to run. */
function steady(text: string): string {
  return text
    .replace(/^ *\d+\.\d s {2}/gm, "")
    .replace(/time=[\d.]+ ms/g, "time=0.08 ms")
    .replace(/min\/avg\/max = [\d./]+ ms/g, "min/avg/max = 0.07/0.08/0.08 ms")
    .replace(/unix:\/\/\/\S+?\/netloom\.sock(?= *$)/gm, "unix:///.../netloom.sock")
    .replace(/[ \t]+$/gm, "");
}

test("the demo does the main job and prints what the README shows", async (t) => {
  const { status, stdout, stderr } = await run([process.execPath, `${ROOT}/scenarios/demo.ts`]);
  t.is(status, 0, stdout + stderr);
  const text = steady(stdout);
  const readme = readFileSync(README, "utf8");
  if (process.env.UPDATE_DOCS === "1") {
    writeFileSync(
      README,
      readme.replace(BLOCK, (_, open, _old, close) => open + text + close),
    );
  } else {
    t.is(readme.match(BLOCK)?.[2], text, "README.md shows another demo; UPDATE_DOCS=1 writes it again");
  }
});
