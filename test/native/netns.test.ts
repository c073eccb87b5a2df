import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { stat } from "node:fs/promises";
import test from "ava";
import { closeFd, HERE, netnsBind, netnsCreate, netnsUnbind, openNs, sysctlIn } from "../../native/index.ts";
import { temporaryFolder } from "./fixtures/echo.ts";

const FORWARD = "net/ipv4/ip_forward";

test("a namespace is made with its sysctls, pinned, and nobody is left in it", async (t) => {
  await using folder = await temporaryFolder();
  const paths = Array.from({ length: 12 }, (_, i) => `${folder.path}/netns${i}`);
  await Promise.all(paths.map((path) => netnsCreate(path, [[FORWARD, "1"]])));
  const inodes = await Promise.all(paths.map(async (path) => (await stat(path)).ino));
  t.is(new Set(inodes).size, paths.length);
  for (const path of paths) {
    const fd = openNs(path);
    t.is(await sysctlIn(fd, FORWARD, null), "1\n");
    t.is(await sysctlIn(fd, FORWARD, "0"), "0");
    t.is(await sysctlIn(fd, FORWARD, null), "0\n");
    closeFd(fd);
  }
  // Every thread of this process, the pool's too, is where it was.
  const here = new Set(readdirSync("/proc/self/task").map((task) => readlinkSync(`/proc/self/task/${task}/ns/net`)));
  t.deepEqual([...here], [readlinkSync("/proc/self/ns/net")]);
  await Promise.all(paths.map(netnsUnbind));
  t.false(paths.some(existsSync));
});

test("what fails leaves nothing behind", async (t) => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/netns`;
  const error = await t.throwsAsync(netnsCreate(path, [["net/ipv4/no_such_key", "1"]]));
  t.like(error, { code: "ENOENT", syscall: "sysctl", message: "ENOENT: No such file or directory, sysctl 'net/ipv4/no_such_key'" });
  t.false(existsSync(path));
  await t.throwsAsync(netnsBind("/proc/0/ns/net", path), { code: "ENOENT" });
  t.false(existsSync(path));
});

test("a path that is taken stays as it is", async (t) => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/netns`;
  await netnsCreate(path, []);
  const { ino } = await stat(path);
  await t.throwsAsync(netnsCreate(path, []), { code: "EEXIST" });
  await t.throwsAsync(netnsBind("/proc/self/ns/net", path), { code: "EEXIST" });
  t.is((await stat(path)).ino, ino);
  await netnsUnbind(path);
});

test("a namespace of a process is pinned", async (t) => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/netns`;
  await netnsBind(`/proc/${process.pid}/ns/net`, path);
  t.is((await stat(path)).ino, (await stat("/proc/self/ns/net")).ino);
  await netnsUnbind(path);
  await netnsUnbind(path);
  t.false(existsSync(path));
});

test("sysctls fail with their key, arguments with a TypeError", async (t) => {
  await t.throwsAsync(sysctlIn(HERE, "net/ipv4/no_such_key", null), { code: "ENOENT", message: /no_such_key/ });
  await t.throwsAsync(sysctlIn(HERE, `net/${"x".repeat(5000)}`, null), { code: "ENAMETOOLONG" });
  t.like(await t.throwsAsync(sysctlIn(999_999, FORWARD, null)), { code: "EBADF", syscall: "setns" });
  t.throws(() => sysctlIn(HERE, "net\0", null), { instanceOf: TypeError });
  t.throws(() => netnsCreate("/x", [["key"]] as never), { instanceOf: TypeError });
  t.throws(() => netnsCreate("/x", 3 as never), { instanceOf: TypeError });
  t.like(
    t.throws(() => openNs("/no/such/file")),
    { code: "ENOENT", syscall: "open" },
  );
});
