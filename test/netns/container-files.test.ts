import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { House } from "../unit/container/house.ts";
import { eventually, never } from "../unit/container/house.ts";
import { story } from "../unit/container/story.ts";

// A container's files, seen from outside.

async function inRoot<T>({ containers }: House, id: string, mounts: boolean, body: (root: string) => T): Promise<T> {
  const root = await containers.openRootfs(id, { mounts });
  try {
    return body(root.path);
  } finally {
    await root.close();
  }
}

story("the root of one that never ran can be read and written, and a start waits for it", async (t, house) => {
  const { containers } = house;
  const container = await house.make(["cat", "/etc/from-outside"]);
  const root = await containers.openRootfs(container.id, { mounts: true });
  t.true(readdirSync(join(root.path, "bin")).includes("busybox"));
  writeFileSync(join(root.path, "etc", "from-outside"), "hello\n");
  const started = containers.start(container.id, house.placement);
  t.is(containers.get(container.id)?.state.status, "created");
  await root.close();
  await started;
  t.is((await containers.wait(container.id, "not-running", never)).exitCode, 0);
  t.is(await inRoot(house, container.id, true, (path) => readFileSync(join(path, "etc", "from-outside"), "utf8")), "hello\n");
  t.deepEqual(readdirSync(containers.places(container.id).merged), [], "nothing stays mounted");
});

story("volumes are where a process would see them, also behind a link", async (t, house) => {
  const { containers } = house;
  const bind = join(house.root, "bound");
  mkdirSync(bind);
  writeFileSync(join(bind, "file"), "of the host\n");
  const container = await house.make(["true"], {}, { Binds: [`${bind}:/srv/new/bound`, "kept:/kept", `${bind}/file:/etc/one`] });
  await inRoot(house, container.id, true, (root) => {
    t.is(readFileSync(join(root, "srv/new/bound/file"), "utf8"), "of the host\n");
    t.is(readFileSync(join(root, "etc/one"), "utf8"), "of the host\n");
    writeFileSync(join(root, "kept/note"), "x");
  });
  t.deepEqual(
    containers.mounts(container.id).flatMap(({ name, source }) => (name === "kept" ? readdirSync(source) : [])),
    ["note"],
  );
  await inRoot(house, container.id, false, (root) => t.deepEqual(readdirSync(join(root, "kept")), []));
  // Whoever built the image must not choose where on this host a volume is mounted.
  const outside = join(house.root, "outside");
  mkdirSync(outside);
  const planted = await house.make(["true"], {}, { Binds: [`${bind}:/trap/inside`] });
  await inRoot(house, planted.id, false, (root) => symlinkSync(outside, join(root, "trap")));
  await t.throwsAsync(containers.openRootfs(planted.id, { mounts: true }));
  t.deepEqual(readdirSync(outside), []);
  t.deepEqual(readdirSync(containers.places(planted.id).merged), []);
});

story("a running one is entered where it is; without its mounts when asked so", async (t, house) => {
  const container = await house.run(["sh", "-c", "echo 1 > /mine; sleep 1000"], {}, { Binds: ["kept:/kept"] });
  await eventually(() => inRoot(house, container.id, true, (root) => readdirSync(root).includes("mine")));
  t.true(await inRoot(house, container.id, true, (root) => readdirSync(join(root, "proc")).includes("1")));
  t.deepEqual(await inRoot(house, container.id, false, (root) => readdirSync(join(root, "proc"))), []);
});

story("changes: what was added, changed and deleted, and nothing that the runtime made", async (t, house) => {
  const { containers } = house;
  const script = "mkdir -p /new/deep; echo x > /new/deep/file; echo y >> /etc/passwd; rm /etc/group; chmod 700 /bin; ln -s x /link";
  const container = await house.run(["sh", "-c", script], {}, { Binds: ["kept:/kept"] });
  await containers.wait(container.id, "not-running", never);
  const changes = await containers.changes(container.id);
  t.deepEqual(
    changes.map(({ path, kind }) => `${kind} ${path}`),
    [
      ...["changed /bin", "changed /etc", "deleted /etc/group", "changed /etc/passwd"],
      ...["added /link", "added /new", "added /new/deep", "added /new/deep/file"],
    ],
  );
  t.deepEqual(await containers.changes((await house.make(["true"])).id), []);
});

story("places are where things lie", async (t, house) => {
  const { containers } = house;
  const container = await house.run(["echo", "logged"]);
  await containers.wait(container.id, "not-running", never);
  const { log, lower, upper, work, merged } = containers.places(container.id);
  t.regex(readFileSync(log ?? "", "utf8"), / stdout F logged\n$/);
  for (const folder of [...lower, upper, work, merged]) t.true(lstatSync(folder).isDirectory(), folder);
  const silent = await house.make(["true"], {}, { LogConfig: { Type: "none", Config: {} } });
  t.is(containers.places(silent.id).log, undefined);
});

story("stop: in time, in force, or neither; and of one that waits for its next try", async (t, house) => {
  const { containers } = house;
  const deaf = await house.run(["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"]);
  t.false(await containers.stop(deaf.id, { timeoutS: 0, escalate: false }));
  t.is(containers.get(deaf.id)?.state.status, "running");
  t.true(await containers.stop(deaf.id, { timeoutS: 0 }));
  t.like(containers.get(deaf.id)?.state, { status: "exited", exitCode: 137 });
  containers.restarting(deaf.id);
  t.true(await containers.stop(deaf.id, {}));
  t.like(containers.get(deaf.id), { stoppedByHand: true });
  t.is(containers.get(deaf.id)?.state.status, "exited");
});

story("the end of an exec is told, attached or not", async (t, house) => {
  const { containers } = house;
  const container = await house.run(["sleep", "1000"]);
  const config = { user: "", privileged: false, tty: false, attachStdin: false, attachStdout: false, attachStderr: false };
  const exec = containers.createExec(container.id, { ...config, detachKeys: "", env: [], workingDir: "", cmd: ["sh", "-c", "exit 3"] });
  t.deepEqual(containers.execIds(container.id), [exec.id]);
  const end = containers.execEnd(exec.id);
  await containers.startExec(exec.id, { detach: true, tty: false });
  t.is(await end, 3);
});
