import type { ExecConfig, LogLine } from "../../src/container/types.ts";
import { NetError } from "../../src/model/errors.ts";
import { eventually, type House, never, readAll, readerOf } from "../unit/container/house.ts";
import { story } from "../unit/container/story.ts";

const EXEC: ExecConfig = {
  ...{ user: "", privileged: false, tty: false, attachStdin: false, attachStdout: true, attachStderr: true, detachKeys: "" },
  ...{ env: [], workingDir: "", cmd: ["true"] },
};

async function exec(house: House, id: string, config: Partial<ExecConfig>, input?: string) {
  const made = house.containers.createExec(id, { ...EXEC, ...config });
  const session = await house.containers.startExec(made.id, { detach: false, tty: false });
  if (session === undefined) throw new Error("no session");
  if (input !== undefined) {
    await session.write(Buffer.from(input));
    session.endInput();
  }
  const text = await readAll(session);
  return { ...text, exitCode: house.containers.exec(made.id).exitCode };
}

story("docker run -i: what was typed before the start arrives, and so does its end", async (t, house) => {
  const container = await house.make(["cat"], { OpenStdin: true, StdinOnce: true });
  const session = await house.containers.attach(container.id);
  const typed = session.write(Buffer.from("line from stdin\n")).then(() => session.endInput());
  const all = readAll(session);
  await house.containers.start(container.id, house.placement);
  await typed;
  t.deepEqual(await all, { out: "line from stdin\n", err: "" });
});

story("docker run -it, detach, attach again: the shell goes on, and has the size that was asked for", async (t, house) => {
  const container = await house.make(["sh"], { Tty: true, OpenStdin: true, StdinOnce: true }, { ConsoleSize: [24, 80] });
  const first = await house.containers.attach(container.id);
  t.true(first.tty);
  const screen = readerOf(first);
  await house.containers.start(container.id, house.placement);
  await first.write(Buffer.from("stty size; X=5\n"));
  t.regex(await screen.until("24 80\r\n"), /stty size/);
  first.endInput();
  first.close();
  await screen.rest();
  t.is(house.state(container).status, "running");
  const second = await house.containers.attach(container.id);
  const again = readerOf(second);
  await house.containers.resize(container.id, 33, 77);
  await eventually(async () => {
    await second.write(Buffer.from("stty size\n"));
    return /33 77/.test(await again.until("7\r\n").catch(() => ""));
  });
  const end = house.containers.wait(container.id, "not-running", never);
  await second.write(Buffer.from("exit $X\n"));
  t.deepEqual(await end, { exitCode: 5 });
  await again.rest();
  await t.throwsAsync(house.containers.resize(container.id, 1, 1), { message: `container ${container.id} is not running` });
});

story("a reader that leaves does not take the input from the others", async (t, house) => {
  const container = await house.run(["cat"], { OpenStdin: true, StdinOnce: true });
  const one = await house.containers.attach(container.id);
  const two = await house.containers.attach(container.id);
  const seen = readerOf(one);
  two.close();
  await one.write(Buffer.from("still here\n"));
  await seen.until("still here\n");
  one.endInput();
  await seen.rest();
  t.is((await house.containers.wait(container.id, "not-running", never)).exitCode, 0);
});

const LINES = 40_000;
const MANY = [
  "sh",
  "-c",
  `i=0; while [ $i -lt ${LINES} ]; do echo line $i and some more text to make it longer and longer; i=$((i+1)); done`,
];

story("all of a large output arrives, at a reader that is slow as at one that is not", async (t, house) => {
  const container = await house.make(MANY);
  const fast = readAll(await house.containers.attach(container.id));
  const slow = await house.containers.attach(container.id);
  await house.containers.start(container.id, house.placement);
  const quick = await fast;
  t.is(quick.out.split("\n").length, LINES + 1);
  t.is((await readAll(slow)).out, quick.out);
});

story("a process waits for its only reader, and can be stopped all the same", async (t, house) => {
  const container = await house.make([
    "sh",
    "-c",
    "while :; do echo 0123456789012345678901234567890123456789012345678901234567890123456789; done",
  ]);
  const session = await house.containers.attach(container.id);
  await house.containers.start(container.id, house.placement);
  const pieces = session.output[Symbol.asyncIterator]();
  await pieces.next();
  const before = process.memoryUsage().rss;
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.true(process.memoryUsage().rss - before < 64 << 20);
  await house.containers.stop(container.id, { timeoutS: 0 });
  session.close();
  t.is(house.state(container).exitCode, 137);
});

story("a reader that is hopelessly behind the others is cut off and told so", async (t, house) => {
  const container = await house.make([
    "sh",
    "-c",
    "yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -c 40000000",
  ]);
  const fast = readAll(await house.containers.attach(container.id));
  const slow = await house.containers.attach(container.id);
  await house.containers.start(container.id, house.placement);
  t.is((await fast).out.length, 40_000_000);
  await t.throwsAsync(readAll(slow), { message: /cut off/ });
  t.is((await house.containers.wait(container.id, "not-running", never)).exitCode, 0);
});

story("exec: output, input, exit codes, users, directories", async (t, house) => {
  const { id } = await house.run(["sleep", "1000"], { Env: ["A=1"], User: "ann" });
  t.deepEqual(await exec(house, id, { cmd: ["sh", "-c", "echo out; echo err >&2; exit 7"] }), { out: "out\n", err: "err\n", exitCode: 7 });
  t.deepEqual(await exec(house, id, { cmd: ["cat"], attachStdin: true }, "via exec\n"), { out: "via exec\n", err: "", exitCode: 0 });
  const told = await exec(house, id, { cmd: ["sh", "-c", "echo $A $B; pwd; id -un"], env: ["B=2"], workingDir: "/tmp" });
  t.is(told.out, "1 2\n/tmp\nann\n");
  t.is((await exec(house, id, { cmd: ["id", "-u"], user: "0" })).out, "0\n");
  t.regex((await exec(house, id, { cmd: ["grep", "CapEff", "/proc/self/status"], user: "root", privileged: true })).out, /fffeffffff/);
});

story("exec in a terminal, detached, and of what is not there", async (t, house) => {
  const { containers } = house;
  const { id, name } = await house.run(["sleep", "1000"]);
  const shell = containers.createExec(id, { ...EXEC, tty: true, attachStdin: true, cmd: ["sh"], consoleSize: [24, 80] });
  const session = await containers.startExec(shell.id, { detach: false, tty: true });
  if (session === undefined) return t.fail();
  t.like(containers.exec(shell.id), { running: true, exitCode: null });
  const screen = readerOf(session);
  await session.write(Buffer.from("stty size\n"));
  await screen.until("24 80\r\n");
  await containers.resizeExec(shell.id, 40, 120);
  await eventually(async () => {
    await session.write(Buffer.from("stty size\n"));
    return /40 120/.test(await screen.until("0\r\n"));
  });
  await session.write(Buffer.from("exit 2\n"));
  await screen.rest();
  t.like(containers.exec(shell.id), { running: false, exitCode: 2 });
  await t.throwsAsync(containers.startExec(shell.id, { detach: false, tty: true }), {
    message: `exec command ${shell.id} is already running`,
  });

  const missing =
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuchcmd": executable file not found in $PATH';
  t.deepEqual(await exec(house, id, { cmd: ["nosuchcmd"] }), { out: `${missing}\r\n`, err: "", exitCode: 127 });
  t.is((await exec(house, id, { cmd: ["/data"] })).exitCode, 126);
  const detached = containers.createExec(id, { ...EXEC, cmd: ["sh", "-c", "echo x > /tmp/x; exit 4"] });
  t.is(await containers.startExec(detached.id, { detach: true, tty: false }), undefined);
  await eventually(() => containers.exec(detached.id).exitCode === 4);
  t.is((await exec(house, id, { cmd: ["cat", "/tmp/x"] })).out, "x\n");
  const wrong = containers.createExec(id, { ...EXEC, cmd: ["nosuchcmd"] });
  await t.throwsAsync(containers.startExec(wrong.id, { detach: true, tty: false }), { message: missing });

  t.throws(() => containers.createExec(id, { ...EXEC, cmd: [] }), { message: "No exec command specified" });
  t.throws(() => containers.exec("nosuch"), { message: "No such exec instance: nosuch" });
  await containers.pause(id);
  t.throws(() => containers.createExec(id, EXEC), { message: `Container ${name} is paused, unpause the container before exec` });
  await containers.unpause(id);
  await containers.stop(id, { timeoutS: 0 });
  t.throws(() => containers.createExec(id, EXEC), { message: `container ${id} is not running`, instanceOf: NetError });
});

story("an exec dies with its container, and its session is told", async (t, house) => {
  const { id } = await house.run(["sleep", "1000"]);
  const made = house.containers.createExec(id, { ...EXEC, cmd: ["sleep", "999"] });
  const session = await house.containers.startExec(made.id, { detach: false, tty: false });
  if (session === undefined) return t.fail();
  await house.containers.kill(id, "KILL");
  await readAll(session);
  t.like(house.containers.exec(made.id), { running: false, exitCode: 137 });
});

story("logs: whole, by stream, the last ones, and followed to the end", async (t, house) => {
  const container = await house.make(["sh", "-c", "echo one; echo two >&2; printf 'no end'; sleep 0.3; echo; echo last"]);
  const options = { stdout: true, stderr: true, follow: false };
  t.deepEqual(await texts(house.containers.logs(container.id, options)), []);
  await house.containers.start(container.id, house.placement);
  t.deepEqual((await texts(house.containers.logs(container.id, { ...options, follow: true }))).sort(), [
    "last\n",
    "no end\n",
    "one\n",
    "two\n",
  ]);
  t.deepEqual(await texts(house.containers.logs(container.id, { ...options, stdout: false })), ["two\n"]);
  t.deepEqual(await texts(house.containers.logs(container.id, { ...options, tail: 1 })), ["last\n"]);
  t.deepEqual(await texts(house.containers.logs(container.id, { ...options, tail: 0 })), []);
  t.deepEqual(await texts(house.containers.logs(container.id, { ...options, since: BigInt(Date.now() + 60_000) * 1_000_000n })), []);
});

story("a log that is followed can be left while it is quiet", async (t, house) => {
  const container = await house.run(["sh", "-c", "echo hello; sleep 1000"]);
  const lines = house.containers.logs(container.id, { stdout: true, stderr: true, follow: true })[Symbol.asyncIterator]();
  t.is((await lines.next()).value?.data.toString(), "hello\n");
  const waiting = lines.next();
  await lines.return?.();
  t.true((await waiting).done);
});

story("without a log there is nothing to read; a full one is begun anew", async (t, house) => {
  const quiet = await house.run(["echo", "x"], {}, { LogConfig: { Type: "none", Config: {} } });
  t.throws(() => house.containers.logs(quiet.id, { stdout: true, stderr: true, follow: false }), {
    message: "configured logging driver does not support reading",
  });
  const script = "i=0; while [ $i -lt 300 ]; do echo line number $i; i=$((i+1)); done";
  const small = await house.make(["sh", "-c", script], {}, { LogConfig: { Type: "json-file", Config: { "max-size": "4k" } } });
  await house.containers.start(small.id, house.placement);
  const followed = await texts(house.containers.logs(small.id, { stdout: true, stderr: true, follow: true }));
  t.is(followed.at(-1), "line number 299\n");
  t.true((await texts(house.containers.logs(small.id, { stdout: true, stderr: true, follow: false }))).length < 100);
});

async function texts(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const result: string[] = [];
  for await (const { data } of lines) result.push(data.toString());
  return result;
}
