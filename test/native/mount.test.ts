import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import test from "ava";
import { mount, mountFlags, umount, umountFlags } from "../../native/index.ts";
import { temporaryFolder } from "./fixtures/echo.ts";

test("a file system is mounted with its flags and options, and unmounted", async (t) => {
  await using folder = await temporaryFolder();
  await mount("tmpfs", folder.path, "tmpfs", mountFlags.noSuid | mountFlags.noDev, "size=64k,mode=700");
  const line = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").find((text) => text.includes(folder.path));
  t.regex(line ?? "", / rw,nosuid,nodev.* - tmpfs tmpfs rw,size=64k,mode=700/);
  await writeFile(`${folder.path}/inside`, "");
  await umount(folder.path, umountFlags.noFollow);
  t.deepEqual(await readdir(folder.path), []);
});

test("an overlay of many layers", async (t) => {
  await using folder = await temporaryFolder();
  await mount("tmpfs", folder.path, "tmpfs", 0, null);
  const layers = Array.from({ length: 50 }, (_, i) => `${folder.path}/layer-${String(i).padStart(40, "0")}`);
  for (const [i, layer] of layers.entries()) {
    await mkdir(layer);
    await writeFile(`${layer}/file${i}`, String(i));
  }
  const merged = `${folder.path}/merged`;
  await mkdir(merged);
  await mount("overlay", merged, "overlay", mountFlags.readOnly, `lowerdir=${layers.join(":")}`);
  t.is((await readdir(merged)).length, 50);
  await umount(merged, 0);
  await umount(folder.path, umountFlags.detach);
});

test("options that the kernel would cut off are refused", async (t) => {
  await t.throwsAsync(mount("overlay", "/", "overlay", 0, `lowerdir=${"/x:".repeat(2000)}`), { code: "E2BIG" });
});

test("failures name the target", async (t) => {
  await t.throwsAsync(mount("tmpfs", "/no/such/folder", "tmpfs", 0, null), { code: "ENOENT", message: /mount '\/no\/such\/folder'/ });
  t.like(await t.throwsAsync(umount("/no/such/folder", 0)), { code: "ENOENT", syscall: "umount" });
  t.throws(() => mount(null, "/x", null, "ro" as never, null), { instanceOf: TypeError });
});
