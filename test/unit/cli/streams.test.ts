import assert from "node:assert/strict";
import { once } from "node:events";
import test from "ava";
import { eventually } from "../../support/eventually.ts";
import { fakeDaemon, frame } from "./fake-daemon.ts";
import { shell } from "./fake-io.ts";

const CREATED = { status: 201, body: { Id: "c1", Warnings: [] } };
const exits = (StatusCode: number) => ({ body: { StatusCode } });

test("run -d prints the id, and the flags become docker's create body", async (t) => {
  await using daemon = await fakeDaemon({ "POST /containers/create": CREATED, "POST /containers/c1/start": { status: 204 } });
  const argv =
    "run -dit --name web -h box -e A=1 -e HOME -e GONE -w /www -u 0:0 -v ./data:/d:ro -v /e -p 127.0.0.1:8080:80 -p 53/udp --network lab --alias a --ip 10.1.0.9 -m 64m --cpus 0.5";
  const ran = await shell(daemon.host, { env: { HOME: "/root" } }).run(...argv.split(" "), "alpine", "sh", "-c", "echo --rm -p");
  t.deepEqual(ran, { status: 0, stdout: "c1\n", stderr: "" });
  const body = daemon.seen[0]?.body as Record<string, unknown> & { HostConfig: Record<string, unknown> };
  t.like(body, {
    Image: "alpine",
    Cmd: ["sh", "-c", "echo --rm -p"],
    Hostname: "box",
    Env: ["A=1", "HOME=/root", "GONE"],
    WorkingDir: "/www",
    User: "0:0",
    Tty: true,
    OpenStdin: true,
    StdinOnce: false,
    AttachStdout: false,
    Volumes: { "/e": {} },
    ExposedPorts: { "80/tcp": {}, "53/udp": {} },
    NetworkingConfig: { EndpointsConfig: { lab: { IPAMConfig: { IPv4Address: "10.1.0.9" }, Aliases: ["a"] } } },
  });
  t.like(body.HostConfig, {
    Binds: ["/here/data:/d:ro"],
    PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }], "53/udp": [{ HostIp: "", HostPort: "" }] },
    NetworkMode: "lab",
    Memory: 67_108_864,
    NanoCpus: 500_000_000,
    AutoRemove: false,
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
  });
  t.deepEqual(daemon.seen[0]?.query, { name: ["web"] });
});

test("run: attach and wait come before start; stdout, stderr and the exit status are passed on", async (t) => {
  await using daemon = await fakeDaemon({
    "POST /containers/create": CREATED,
    "POST /containers/c1/attach": { upgrade: (socket) => socket.end(Buffer.concat([frame(1, "out\n"), frame(2, "err\n")])) },
    "POST /containers/c1/wait": exits(3),
    "POST /containers/c1/start": { status: 204 },
  });
  t.deepEqual(await shell(daemon.host).run("run", "--rm", "alpine", "sh"), { status: 3, stdout: "out\n", stderr: "err\n" });
  t.deepEqual(
    daemon.seen.map(({ line }) => line.split("/").at(-1)),
    ["create", "attach", "wait", "start"],
  );
  t.deepEqual(daemon.seen[2]?.query, { condition: ["removed"] });
});

test("run -i: input goes through, its end is a half-closed connection, and output goes on after it", async (t) => {
  await using daemon = await fakeDaemon({
    "POST /containers/create": CREATED,
    "POST /containers/c1/attach": {
      async upgrade(socket) {
        let got = "";
        socket.on("data", (chunk) => (got += chunk));
        await once(socket, "end");
        socket.end(frame(1, got.toUpperCase()));
      },
    },
    "POST /containers/c1/wait": exits(0),
    "POST /containers/c1/start": { status: 204 },
  });
  const big = "line\n".repeat(100_000);
  const ran = await shell(daemon.host, { input: big }).run("run", "-i", "alpine", "cat");
  t.is(ran.status, 0);
  t.is(ran.stdout, big.toUpperCase());
});

test("run -it: raw terminal, size told, and ctrl-p ctrl-q leaves it running", async (t) => {
  const { promise: never, resolve: release } = Promise.withResolvers<void>();
  await using daemon = await fakeDaemon({
    "POST /containers/create": CREATED,
    "POST /containers/c1/attach": {
      type: "application/vnd.docker.raw-stream",
      upgrade(socket) {
        socket.write("/ # ");
        socket.on("data", (keys) => keys.includes("\x10\x11") && socket.end());
      },
    },
    "POST /containers/c1/wait": { body: {}, after: never },
    "POST /containers/c1/start": { status: 204 },
    "POST /containers/c1/resize": {},
  });
  const terminal = shell(daemon.host, { tty: true });
  const running = terminal.run("run", "-it", "alpine");
  while (!terminal.output().includes("/ # ")) await once(terminal.io.stdout, "data");
  await eventually(() => assert(daemon.seen.find(({ line }) => line.endsWith("resize"))));
  terminal.stdin.write("ls\r\x10\x11");
  const ran = await running;
  release();
  t.deepEqual(ran, { status: 0, stdout: "/ # ", stderr: "" });
  t.deepEqual(terminal.raw, [true, false]);
  t.deepEqual(daemon.seen.find(({ line }) => line.endsWith("resize"))?.query, { h: ["24"], w: ["80"] });
});

test("run: a signal to us is a signal to the process", async (t) => {
  const { promise: killed, resolve } = Promise.withResolvers<void>();
  await using daemon = await fakeDaemon({
    "POST /containers/create": CREATED,
    "POST /containers/c1/attach": { upgrade: (socket) => void killed.then(() => socket.end(frame(1, "got it\n"))) },
    "POST /containers/c1/wait": { ...exits(9), after: killed },
    "POST /containers/c1/start": { status: 204 },
    "POST /containers/c1/kill": () => {
      resolve();
      return { status: 204 };
    },
  });
  const prompt = shell(daemon.host);
  const running = prompt.run("run", "alpine");
  const poll = setInterval(() => prompt.signal("SIGTERM"), 5);
  t.deepEqual(await running, { status: 9, stdout: "got it\n", stderr: "" });
  clearInterval(poll);
  t.deepEqual(daemon.seen.find(({ line }) => line.endsWith("kill"))?.query, { signal: ["TERM"] });
});

for (const [what, message, status] of [
  ["a command that is not there", 'exec: "x": executable file not found in $PATH', 127],
  ["a command that cannot be run", 'exec: "/": is a directory: permission denied', 126],
  ["a network that is not there", "network nosuch not found", 125],
] as const) {
  test(`run ends with ${status} for ${what}`, async (t) => {
    await using daemon = await fakeDaemon({
      "POST /containers/create": CREATED,
      "POST /containers/c1/attach": { upgrade: () => undefined },
      "POST /containers/c1/wait": { body: {}, after: new Promise<void>(() => undefined) },
      "POST /containers/c1/start": { status: 400, body: { message } },
    });
    t.deepEqual(await shell(daemon.host).run("run", "alpine", "x"), { status, stdout: "", stderr: `netloom: ${message}\n` });
  });
}

test("run: what contradicts itself is a usage error, and the daemon is not asked", async (t) => {
  await using daemon = await fakeDaemon({});
  for (const argv of [
    "--rm --restart always alpine",
    "-p nonsense alpine",
    "--network a --network a alpine",
    "--detach-keys ctrl-1 alpine",
    "--format json alpine",
    "-m lots alpine",
  ]) {
    t.is((await shell(daemon.host).run("run", ...argv.split(" "))).status, 2, argv);
  }
  t.is(daemon.seen.length, 0);
});

test("exec: the exit status is asked for after the output has ended", async (t) => {
  await using daemon = await fakeDaemon({
    "POST /containers/web/exec": { status: 201, body: { Id: "e1" } },
    "POST /exec/e1/start": { upgrade: (socket) => socket.end(frame(2, "no such applet\n")) },
    "GET /exec/e1/json": { body: { ExitCode: 127 } },
  });
  t.deepEqual(await shell(daemon.host).run("exec", "-e", "A=1", "web", "ls", "-t"), {
    status: 127,
    stdout: "",
    stderr: "no such applet\n",
  });
  t.like(daemon.seen[0]?.body, { Cmd: ["ls", "-t"], Tty: false, AttachStdin: false, AttachStdout: true, Env: ["A=1"] });
  t.deepEqual(daemon.seen[1]?.body, { Detach: false, Tty: false });
});

test("exec: a refusal of the upgrade is told", async (t) => {
  await using daemon = await fakeDaemon({
    "POST /containers/web/exec": { status: 201, body: { Id: "e1" } },
    "POST /exec/e1/start": { status: 409, body: { message: "container web is paused" } },
  });
  t.deepEqual(await shell(daemon.host).run("exec", "web", "ls"), { status: 1, stdout: "", stderr: "netloom: container web is paused\n" });
});

test("logs: frames are sorted, a terminal's bytes are copied", async (t) => {
  await using daemon = await fakeDaemon({
    "GET /containers/a/logs": {
      type: "application/vnd.docker.multiplexed-stream",
      body: Buffer.concat([frame(1, "out\n"), frame(2, "err\n")]),
    },
    "GET /containers/b/logs": { type: "application/vnd.docker.raw-stream", body: Buffer.from("raw\r\n") },
    "GET /containers/c/logs": { type: "application/vnd.docker.multiplexed-stream", body: frame(1, "cut").subarray(0, 9) },
  });
  t.deepEqual(await shell(daemon.host).run("logs", "-t", "-n", "5", "--since", "100", "a"), {
    status: 0,
    stdout: "out\n",
    stderr: "err\n",
  });
  t.deepEqual(daemon.seen[0]?.query, { stdout: ["1"], stderr: ["1"], tail: ["5"], timestamps: ["1"], since: ["100"] });
  t.is((await shell(daemon.host).run("logs", "b")).stdout, "raw\r\n");
  t.deepEqual(await shell(daemon.host).run("logs", "c"), {
    status: 1,
    stdout: "",
    stderr: "netloom: the daemon's stream ended in the middle of a frame\n",
  });
});
