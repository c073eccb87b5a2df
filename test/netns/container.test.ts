import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { startExitCode } from "../../src/container/index.ts";
import { NetError } from "../../src/model/errors.ts";
import { eventually, type House, never, processesOf, readAll } from "../unit/container/house.ts";
import { story } from "../unit/container/story.ts";

async function output(house: House, ...made: Parameters<House["make"]>): Promise<{ out: string; err: string; exitCode: number }> {
  const container = await house.make(...made);
  const all = readAll(await house.containers.attach(container.id));
  const end = house.containers.wait(container.id, "next-exit", never);
  await house.containers.start(container.id, house.placement);
  return { ...(await all), ...(await end) };
}

story("a command runs, its output and its exit code are told", async (t, house) => {
  const ends = house.containers.exits()[Symbol.asyncIterator]();
  const { out, err, exitCode } = await output(house, ["sh", "-c", "echo out; echo err >&2; exit 3"]);
  t.deepEqual({ out, err, exitCode }, { out: "out\n", err: "err\n", exitCode: 3 });
  const [container] = house.containers.all();
  t.deepEqual(await ends.next(), { done: false, value: { id: container?.id, exitCode: 3, oomKilled: false } });
  t.like(container?.state, { status: "exited", pid: 0, exitCode: 3, error: "" });
  t.true((container?.state.finishedAt ?? "") >= (container?.state.startedAt ?? "x"));
});

story("it lives in the network namespace and has the files that it was given", async (t, house) => {
  const { out } = await output(
    house,
    ["sh", "-c", "cat /etc/hosts /etc/hostname /etc/resolv.conf; hostname; ip -o link | wc -l; echo $FROM_IMAGE $HOME"],
    { Hostname: "box" },
  );
  t.is(out, "127.0.0.1 localhost\nbox\nnameserver 127.0.0.11\nbox\n1\n1 /root\n");
});

story("a user by name gets its groups, and root's capabilities stay behind", async (t, house) => {
  const { out } = await output(house, ["sh", "-c", "id; grep CapEff /proc/self/status; pwd"], { User: "ann", WorkingDir: "/srv/here" });
  t.regex(out, /^uid=1000\(ann\) gid=1000\(ann\) groups=10\(wheel\),1000\(ann\)\nCapEff:\s+0000000000000000\n\/srv\/here\n$/);
});

story("capabilities, sysctls, limits and a read-only root are as asked", async (t, house) => {
  const script =
    "grep CapEff /proc/self/status; cat /proc/sys/net/ipv4/ip_forward; ulimit -n; touch /x; touch /t/x && echo tmpfs; cat /sys/fs/cgroup/memory/memory.limit_in_bytes";
  const { out, err } = await output(
    house,
    ["sh", "-c", script],
    {},
    {
      ...{
        CapDrop: ["ALL"],
        CapAdd: ["NET_ADMIN"],
        Sysctls: { "net.ipv4.ip_forward": "1" },
        Ulimits: [{ Name: "nofile", Soft: 100, Hard: 1e9 }],
      },
      ...{
        ReadonlyRootfs: true,
        Tmpfs: { "/t": "size=1m" },
        Memory: 64 << 20,
        PidsLimit: 50,
        NanoCpus: 5e8,
        ShmSize: 8 << 20,
        CgroupnsMode: "private",
      },
    },
  );
  t.regex(out, /^CapEff:\s+0000000000001000\n1\n100\ntmpfs\n67108864\n$/);
  t.regex(err, /Read-only file system/);
});

story("binds, named and anonymous volumes", async (t, house) => {
  const outside = join(house.execRoot, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "hello"), "from the host\n");
  const binds = [`${outside}:/in:ro`, "vol1:/data", `${outside}/new/deep:/made`, "/anon"];
  const script = "cat /in/hello; touch /in/x 2>/dev/null || echo read only; cat /data/seed; echo more > /data/more; ls -d /made /anon";
  const { out } = await output(house, ["sh", "-c", script], {}, { Binds: binds });
  t.is(out, "from the host\nread only\nfrom the image\n/anon\n/made\n");
  const [container] = house.containers.all();
  if (container === undefined) return t.fail();
  t.deepEqual(
    house.containers.mounts(container.id).map(({ type, destination, rw }) => [type, destination, rw]),
    [
      ["bind", "/in", false],
      ["volume", "/data", true],
      ["bind", "/made", true],
      ["volume", "/anon", true],
    ],
  );
  const anonymous = house.containers.mounts(container.id)[3]?.source ?? "";
  t.is((await output(house, ["cat", "/data/more"], {}, { VolumesFrom: [container.name] })).out, "more\n");
  t.true(existsSync(anonymous));
  for (const { id } of house.containers.all()) await house.containers.remove(id, { volumes: true });
  t.false(existsSync(anonymous));
  t.is(readFileSync(join(house.dataRoot, "volumes/vol1/_data/more"), "utf8"), "more\n");
});

story("a start that fails leaves nothing and says why in the words that clients know", async (t, house) => {
  for (const [cmd, words, exitCode] of [
    ["nosuch", 'exec: "nosuch": executable file not found in $PATH', 127],
    ["/data", 'exec: "/data": permission denied', 126],
  ] as const) {
    const container = await house.make([cmd]);
    const session = readAll(await house.containers.attach(container.id));
    const error = await t.throwsAsync(house.containers.start(container.id, house.placement), { instanceOf: NetError });
    const prefix = "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: ";
    t.is(error?.message, `${prefix}unable to start container process: ${words}`);
    t.is(error instanceof NetError && error.code, "invalid");
    t.is(startExitCode(error?.message ?? ""), exitCode);
    t.deepEqual(await session, { out: "", err: "" });
    const waiting = house.containers.wait(container.id, "next-exit", never);
    house.containers.startFailed(container.id, error?.message ?? "", exitCode);
    t.is(await Promise.race([waiting, setImmediate("goes on")]), "goes on");
    t.like(house.state(container), { status: "created", exitCode });
    t.deepEqual(processesOf(container.id), []);
    t.false(readFileSync("/proc/self/mountinfo", "utf8").includes(container.id));
  }
  await t.throwsAsync(house.run(["true"], { User: "nobody9" }), {
    message: "unable to find user nobody9: no matching entries in passwd file",
  });
});

story("stop sends the stop signal, then SIGKILL", async (t, house) => {
  const polite = await house.run(["sh", "-c", "trap 'exit 9' INT; while :; do sleep 0.05; done"], { StopSignal: "SIGINT" });
  await house.containers.stop(polite.id, { timeoutS: 10 });
  t.like(house.containers.get(polite.id), { stoppedByHand: true, state: { ...house.state(polite), status: "exited", exitCode: 9 } });
  const deaf = await house.run(["sleep", "1000"]);
  await house.containers.stop(deaf.id, { timeoutS: 0 });
  t.is(house.state(deaf).exitCode, 137);
  await house.containers.stop(deaf.id, {});
  await t.throwsAsync(house.containers.kill(deaf.id, "TERM"), { message: `container ${deaf.id} is not running` });
});

story("kill, pause, unpause, and again", async (t, house) => {
  const { containers } = house;
  const container = await house.run(["sh", "-c", "trap 'echo hup' HUP; while :; do sleep 0.05; done"]);
  await containers.pause(container.id);
  t.is(house.state(container).status, "paused");
  await t.throwsAsync(containers.pause(container.id), { message: `Container ${container.id} is already paused` });
  await t.throwsAsync(containers.attach(container.id), { instanceOf: NetError });
  await containers.unpause(container.id);
  await t.throwsAsync(containers.unpause(container.id), { message: `Container ${container.id} is not paused` });
  await t.throwsAsync(containers.kill(container.id, "FOO"), { message: "invalid signal: FOO" });
  await containers.kill(container.id, "HUP");
  await containers.pause(container.id);
  const end = containers.wait(container.id, "not-running", never);
  await containers.kill(container.id, "KILL");
  t.is((await end).exitCode, 137);
  containers.restarting(container.id);
  t.is(house.state(container).status, "restarting");
  await containers.start(container.id, house.placement);
  t.like(containers.get(container.id), { restartCount: 1, stoppedByHand: false });
  await t.throwsAsync(containers.start(container.id, house.placement), { message: `container ${container.id} is already running` });
  await t.throwsAsync(containers.remove(container.id, { volumes: false }), {
    message: `cannot remove container "${container.name}": container is running: stop the container before removing or force remove`,
  });
});

story("a process that takes too much memory is told apart", async (t, house) => {
  const container = await house.run(["sh", "-c", "x=a; while :; do x=$x$x; done"], {}, { Memory: 8 << 20, MemorySwap: 8 << 20 });
  await house.containers.wait(container.id, "not-running", never);
  t.like(house.state(container), { exitCode: 137, oomKilled: true });
});

story("names: unique, found by prefix, changed", async (t, house) => {
  const { containers } = house;
  const a = await house.make(["true"]);
  const b = await house.make(["true"]);
  t.is(containers.find(`/${a.name}`).id, a.id);
  t.is(containers.find(a.id.slice(0, 20)).id, a.id);
  t.throws(() => containers.find("nosuch"), { message: "No such container: nosuch" });
  const taken = `Conflict. The container name "/${b.name}" is already in use by container "${b.id}". You have to remove (or rename) that container to be able to reuse that name.`;
  t.throws(() => containers.rename(a.id, b.name), { message: taken });
  await t.throwsAsync(containers.create({ name: b.name, config: { Image: "busybox" }, hostConfig: {} }), { message: taken });
  await t.throwsAsync(containers.create({ name: "bad/name", config: { Image: "busybox" }, hostConfig: {} }), {
    message: "Invalid container name (bad/name), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
  });
  containers.rename(a.id, "other");
  t.is(containers.find("other").id, a.id);
  const removed = containers.wait(a.id, "removed", never);
  await containers.remove(a.id, { volumes: false });
  t.like(await removed, { exitCode: 0 });
  const gone = new AbortController();
  const waiting = containers.wait(b.id, "next-exit", gone.signal);
  gone.abort(new Error("client left"));
  await t.throwsAsync(waiting, { message: "client left" });
});

story("top, size and update look into a running one", async (t, house) => {
  const { containers } = house;
  const container = await house.run(["sh", "-c", "echo 12345 > /file; sleep 1000 & wait"]);
  await eventually(async () => (await containers.top(container.id, "")).processes.length === 2);
  const { titles, processes } = await containers.top(container.id, "-o pid,args");
  t.deepEqual(titles, ["PID", "COMMAND"]);
  t.deepEqual(processes.map(([, command]) => command).sort(), ["sh -c echo 12345 > /file; sleep 1000 & wait", "sleep 1000"]);
  t.deepEqual((await containers.top(container.id, "")).titles, ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
  t.deepEqual(await containers.size(container.id), { rw: 6, rootFs: 1006 });
  await containers.update(container.id, { Memory: 100 << 20, RestartPolicy: { Name: "always", MaximumRetryCount: 0 } });
  t.is(readFileSync(`/sys/fs/cgroup/memory/netloom/${container.id}/memory.limit_in_bytes`, "utf8"), `${100 << 20}\n`);
  t.like(containers.get(container.id)?.hostConfig, { Memory: 100 << 20, RestartPolicy: { Name: "always", MaximumRetryCount: 0 } });
});

story("an ordinary container cannot do what only a privileged one can", async (t, house) => {
  const script =
    "unshare -U true && echo user namespace; mount -t tmpfs x /tmp && echo mounted; ls -d /dev/vda /dev/kmsg 2>/dev/null; echo x 2>/dev/null >/proc/sys/kernel/domainname && echo writes";
  t.is((await output(house, ["sh", "-c", script])).out, "");
  const device = { PathOnHost: "/dev/null", PathInContainer: "/dev/xnull", CgroupPermissions: "rwm" };
  t.is((await output(house, ["sh", "-c", "echo x > /dev/xnull && stat -c %t,%T /dev/xnull"], {}, { Devices: [device] })).out, "1,3\n");
  const all = (await output(house, ["sh", "-c", script], {}, { Privileged: true })).out;
  t.true(all.startsWith("user namespace\nmounted\n") && all.includes("/dev/kmsg") && all.endsWith("writes\n"), all);
});

story("the processes of another container can be seen on request", async (t, house) => {
  const first = await house.run(["sleep", "1234"]);
  const { out } = await output(house, ["sh", "-c", "ps | grep -c '[s]leep 1234'"], {}, { PidMode: `container:${first.name}` });
  t.is(out, "1\n");
  await t.throwsAsync(house.run(["true"], {}, { PidMode: "container:nosuch" }), { message: "No such container: nosuch" });
});
