import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startConmon } from "../../src/container/conmon.ts";
import { openContainers } from "../../src/container/index.ts";
import { sqliteStore } from "../../src/store/sqlite.ts";
import { type House, never, oneImage, processesOf, readAll, readerOf } from "../unit/container/house.ts";
import { story } from "../unit/container/story.ts";

story("containers run on while nobody watches, and are found again", async (t, house) => {
  const container = await house.run(["sh", "-c", "echo begin; read x; echo got $x; exit 4"], { OpenStdin: true });
  await house.reopen();
  t.is(house.state(container).status, "running");
  const session = await house.containers.attach(container.id);
  const seen = readerOf(session);
  const end = house.containers.wait(container.id, "not-running", never);
  await session.write(Buffer.from("word\n"));
  await seen.until("got word\n");
  t.is((await end).exitCode, 4);
  const lines: string[] = [];
  for await (const { data } of house.containers.logs(container.id, { stdout: true, stderr: true, follow: false }))
    lines.push(data.toString());
  t.deepEqual(lines, ["begin\n", "got word\n"]);
});

story("an end that came while nobody watched is told afterwards", async (t, house) => {
  const container = await house.run(["sh", "-c", "trap 'exit 6' TERM; while :; do sleep 0.05; done"]);
  const { pid } = house.state(container);
  await house.containers.close();
  process.kill(pid, "SIGTERM");
  await gone(container.id);
  await house.reopen();
  const [first] = await take(house, 1);
  t.deepEqual(first, { id: container.id, exitCode: 6, oomKilled: false });
  t.like(house.state(container), { status: "exited", exitCode: 6, pid: 0 });
  await house.containers.start(container.id, house.placement);
  t.is(house.state(container).status, "running");
});

story("a container whose conmon was killed is over, whether we see it or not", async (t, house) => {
  const seen = await house.run(["sleep", "1000"]);
  const end = house.containers.wait(seen.id, "not-running", never);
  process.kill(conmonOf(house, seen.id), "SIGKILL");
  t.is((await end).exitCode, 255);
  t.deepEqual(processesOf(seen.id), []);
  const missed = await house.run(["sleep", "1000"]);
  await house.containers.close();
  process.kill(conmonOf(house, missed.id), "SIGKILL");
  await house.reopen();
  t.like(house.state(missed), { status: "exited", exitCode: 255 });
  t.deepEqual(
    (await take(house, 1)).map(({ id }) => id),
    [missed.id],
  );
});

story("what a killed daemon had half done is finished or undone", async (t, house) => {
  const half = await house.run(["sleep", "1000"]);
  const spec = readFileSync(join(house.execRoot, "containers", half.id, "config.json"), "utf8");
  await house.containers.stop(half.id, { timeoutS: 0 });
  const removed = await house.make(["true"]);
  await house.containers.close();
  // Created by the runtime, not yet started; and a container that was to be removed.
  const bundle = join(house.execRoot, "containers", half.id);
  mkdirSync(bundle);
  writeFileSync(join(bundle, "config.json"), spec);
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", join(house.dataRoot, "containers", half.id, "rootfs")]);
  execFileSync("cp", ["-a", `${house.layer}/.`, join(house.dataRoot, "containers", half.id, "rootfs")]);
  const conmon = startConmon(
    { program: "/usr/bin/conmon", runtime: "/usr/sbin/runc", runtimeRoot: join(house.execRoot, "runc"), temporary: house.execRoot },
    { id: half.id, bundle, exitDir: join(house.execRoot, "exits"), log: "none", tty: false, stdin: false, leaveStdinOpen: false },
  );
  t.true((await conmon.started()).data > 0);
  const rows = house.store.table<typeof removed>("containers");
  rows.put({ ...removed, state: { ...removed.state, status: "removing" } });
  await house.reopen();
  await conmon.sync.ended;
  t.deepEqual(readdirSync(join(house.execRoot, "containers")), []);
  t.deepEqual(readdirSync(join(house.execRoot, "runc")), []);
  t.is(house.containers.get(removed.id), undefined);
  t.is(house.state(half).status, "exited");
  t.false(readFileSync("/proc/self/mountinfo", "utf8").includes(half.id));
});

story("a daemon under `ip netns exec` has its own mounts; another one takes over from outside", async (t, house) => {
  const keeper = fileURLToPath(new URL("../unit/container/keeper.ts", import.meta.url));
  // A second look at the namespace's name is the whole point: ip-netns(8) gives a new /sys without cgroups.
  const argv = ["netns", "exec", basename(house.placement.netns), process.execPath, keeper, house.root, house.placement.netns];
  const daemon = spawn("ip", argv, { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = (await once(daemon.stdout, "data")) as [Buffer];
  const id = text.toString().trim();
  daemon.kill("SIGKILL");
  await once(daemon, "exit");
  const store = sqliteStore(join(house.root, "kept.db"), { durable: false });
  const roots = { dataRoot: join(house.root, "kept-data"), execRoot: join(house.root, "kept-exec") };
  const containers = await openContainers({ ...roots, store, images: oneImage(house.layer) });
  await containers.restore();
  t.is(containers.get(id)?.state.status, "running");
  const config = { user: "", privileged: false, tty: false, attachStdin: false, attachStdout: true, attachStderr: true, detachKeys: "" };
  const exec = containers.createExec(id, { ...config, env: [], workingDir: "", cmd: ["id", "-un"] });
  const session = await containers.startExec(exec.id, { detach: false, tty: false });
  t.is(session && (await readAll(session)).out, "root\n");
  t.is((await containers.top(id, "")).processes.length, 1);
  await containers.stop(id, { timeoutS: 0 });
  t.is(containers.get(id)?.state.exitCode, 137);
  await containers.start(id, house.placement);
  await containers.stop(id, { timeoutS: 0 });
  await containers.remove(id, { volumes: true });
  await containers.close();
  store.close();
  t.deepEqual(processesOf(id), []);
});

function conmonOf(house: House, id: string): number {
  return Number(readFileSync(join(house.execRoot, "containers", id, "conmon.pid"), "utf8"));
}

async function gone(text: string): Promise<void> {
  while (processesOf(text).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function take(house: House, count: number) {
  const ends = [];
  for await (const end of house.containers.exits()) {
    ends.push(end);
    if (ends.length === count) break;
  }
  return ends;
}
