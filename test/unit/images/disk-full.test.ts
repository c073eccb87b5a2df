import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";

test("on a full disk import and load fail clearly, keep nothing, and there is room again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "netloom-full-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const child = join(import.meta.dirname, "fixtures", "fill-disk.ts");
  const mountAndRun = 'mount -t tmpfs -o size=1500k tmpfs "$0" && exec "$1" "$2" "$0"';
  const argv = ["--user", "--map-root-user", "--mount", "sh", "-c", mountAndRun, folder, process.execPath, child];
  const { stdout } = await promisify(execFile)("unshare", argv);
  const told = JSON.parse(stdout);
  for (const refusal of [told.large, told.many, told.spooled]) {
    t.deepEqual(refusal, { code: "unavailable", message: "cannot read the archive: no space left on device" });
  }
  t.true(told.unchanged);
  t.deepEqual(told.again, ["Loaded image: small:latest"]);
});
