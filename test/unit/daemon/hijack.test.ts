import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import test, { type ExecutionContext } from "ava";
import { takeUpgradeBody } from "../../../src/daemon/upgrade.ts";
import { type Harness, harness, until } from "./harness.ts";

interface Wire {
  socket: Socket;
  /** Everything that came so far. */
  text(): string;
  ended: boolean;
}

/** A client on the real socket. */
async function wire(t: ExecutionContext, path: string): Promise<Wire> {
  const socket = connect({ path, allowHalfOpen: true });
  const seen: Wire = { socket, text: () => text, ended: false };
  let text = "";
  socket.setEncoding("latin1");
  socket.on("data", (data) => (text += data));
  socket.on("end", () => (seen.ended = true));
  await new Promise((resolve) => socket.once("connect", resolve));
  t.teardown(() => socket.destroy());
  return seen;
}

async function served(t: ExecutionContext): Promise<Harness & { path: string }> {
  const h = await harness(t);
  const path = await h.daemon.listen({ unix: join(h.info.dataRoot, "run", "d.sock") });
  return { ...h, path };
}

const UPGRADE = "Host: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n";

test("attach before start: 101, frames, end of input is not the end", async (t) => {
  const { path, made, call, process, exit } = await served(t);
  await made("cat", { OpenStdin: true, StdinOnce: true });
  const client = await wire(t, path);
  client.socket.write(
    `POST /v1.50/containers/cat/attach?stderr=1&stdin=1&stdout=1&stream=1 HTTP/1.1\r\n${UPGRADE}Content-Type: text/plain\r\n\r\n`,
  );
  await until(() => client.text().includes("\r\n\r\n"));
  t.is(
    client.text(),
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
  );
  client.socket.end("line\n");
  await until(() => process("cat").inputEnded);
  t.is(Buffer.concat(process("cat").input).toString(), "line\n");
  t.is((await call("POST", "/v1.50/containers/cat/start")).status, 204);
  process("cat").emit(1, "line\n");
  process("cat").emit(2, "err\n");
  await until(() => client.text().includes("err\n"));
  t.true(client.text().endsWith("\x01\0\0\0\0\0\0\x05line\n\x02\0\0\0\0\0\0\x04err\n"));
  t.false(client.ended);
  exit("cat", 0);
  await until(() => client.ended);
});

test("streams that were not asked for are not sent; input without stdin is not read", async (t) => {
  const { path, made, call, process } = await served(t);
  await made("cat");
  await call("POST", "/v1.50/containers/cat/start");
  const client = await wire(t, path);
  client.socket.end(`POST /v1.50/containers/cat/attach?stderr=1&stream=1 HTTP/1.1\r\n${UPGRADE}\r\nignored`);
  await until(() => client.text().includes("\r\n\r\n"));
  process("cat").emit(1, "out\n");
  process("cat").emit(2, "err\n");
  process("cat").end();
  await until(() => client.ended);
  t.true(client.text().endsWith("\r\n\r\n\x02\0\0\0\0\0\0\x04err\n"));
  t.is(process("cat").input.length, 0);
});

test("a terminal is raw, and its detach keys end the session only", async (t) => {
  const { path, made, call, process, events } = await served(t);
  await made("sh", { Tty: true, OpenStdin: true });
  await call("POST", "/v1.50/containers/sh/start");
  const client = await wire(t, path);
  client.socket.write(`POST /v1.50/containers/sh/attach?stdin=1&stdout=1&stream=1&detachKeys=ctrl-e%2Cq HTTP/1.1\r\n${UPGRADE}\r\n`);
  await until(() => client.text().includes("\r\n\r\n"));
  t.regex(client.text(), /Content-Type: application\/vnd\.docker\.raw-stream/);
  process("sh").emit(1, "# ");
  await until(() => client.text().endsWith("\r\n\r\n# "));
  client.socket.write("ls\x05");
  await until(() => process("sh").input.length === 1);
  client.socket.write("x\x05q");
  await until(() => client.ended);
  t.is(Buffer.concat(process("sh").input).toString(), "ls\x05x");
  t.true(events().includes("container detach"));
  t.is((await call("GET", "/v1.50/containers/sh/json")).json.State.Status, "running");
});

test("without an upgrade the same bytes come as an answer without length", async (t) => {
  const { path, made, call, process, lines } = await served(t);
  await made("r1");
  lines("r1", [{ stream: 1, text: "old\n" }]);
  await call("POST", "/v1.50/containers/r1/start");
  const client = await wire(t, path);
  client.socket.write("POST /v1.51/containers/r1/attach?logs=1&stream=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  process("r1").emit(1, "new\n");
  await until(() => client.text().endsWith("new\n"));
  t.regex(client.text(), /^HTTP\/1\.1 200 OK\r\n/);
  t.regex(client.text(), /content-type: application\/vnd\.docker\.raw-stream/i);
  t.notRegex(client.text(), /content-length|transfer-encoding/i);
  t.true(client.text().endsWith("\r\n\r\n\x01\0\0\0\0\0\0\x04old\n\x01\0\0\0\0\0\0\x04new\n"));
  process("r1").end();
  await until(() => client.ended);
});

test("logs without stream end by themselves", async (t) => {
  const { path, made, lines } = await served(t);
  await made("done");
  lines("done", [{ stream: 1, text: "done\n" }]);
  for (const [version, type] of [
    ["1.51", "multiplexed"],
    ["1.41", "raw"],
  ]) {
    const client = await wire(t, path);
    client.socket.write(`POST /v${version}/containers/done/attach?logs=1&stdout=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
    await until(() => client.ended);
    t.true(client.text().includes(`application/vnd.docker.${type}-stream`));
    t.true(client.text().endsWith("\x01\0\0\0\0\0\0\x05done\n"));
  }
});

test("exec start: body and input in one piece, and in many", async (t) => {
  const { path, made, call, process } = await served(t);
  await made("c1");
  await call("POST", "/v1.50/containers/c1/start");
  const body = '{"Detach":false,"Tty":false}';
  for (const split of [[], [10], [body.length], [1, body.length + 2]]) {
    const { Id } = (await call("POST", "/v1.50/containers/c1/exec", { Cmd: ["cat"], AttachStdin: true, AttachStdout: true })).json;
    const client = await wire(t, path);
    client.socket.write(
      `POST /v1.50/exec/${Id}/start HTTP/1.1\r\n${UPGRADE}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    const whole = `${body}via stdin\n`;
    for (const [i, at] of [...split, whole.length].entries()) {
      client.socket.write(whole.slice(i === 0 ? 0 : split[i - 1], at));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    client.socket.end();
    await until(() => process(Id).inputEnded);
    t.is(Buffer.concat(process(Id).input).toString(), "via stdin\n");
    t.regex(
      client.text(),
      /^HTTP\/1\.1 101 UPGRADED\r\nApi-Version: 1\.51\r\nDocker-Experimental: false\r\nOstype: linux\r\nServer: Netloom\/0\.1\.0 \(linux\)\r\n/,
    );
    process(Id).end();
    await until(() => client.ended);
  }
});

test("errors of upgrade requests are ordinary answers, and the connection ends", async (t) => {
  const { path } = await served(t);
  const client = await wire(t, path);
  client.socket.write(`POST /v1.50/containers/nosuch/attach?stream=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
  await until(() => client.ended);
  t.regex(client.text(), /^HTTP\/1\.1 404 Not Found\r\n/);
  t.true(client.text().endsWith('{"message":"No such container: nosuch"}\n'));
});

test("an upgrade that no route takes over is answered like any request", async (t) => {
  const { path } = await served(t);
  const client = await wire(t, path);
  client.socket.write(`GET /v1.50/plugins HTTP/1.1\r\n${UPGRADE}\r\n`);
  await until(() => client.ended);
  t.regex(client.text(), /^HTTP\/1\.1 200 OK\r\n/);
});

test("a client that goes away leaves the process and the daemon alone", async (t) => {
  const { path, made, call, process } = await served(t);
  await made("c1", { OpenStdin: true });
  await call("POST", "/v1.50/containers/c1/start");
  for (let i = 0; i < 20; i++) {
    const client = await wire(t, path);
    client.socket.write(`POST /v1.50/containers/c1/attach?stdin=1&stdout=1&stream=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
    await until(() => client.text().includes("\r\n\r\n"));
    client.socket.destroy();
  }
  process("c1").emit(1, "x".repeat(1 << 16));
  t.is((await call("GET", "/v1.50/containers/c1/json")).json.State.Status, "running");
});

/** The two places where Node puts the body of an upgrade request; 26 is covered above, 24 is imitated. */
const request = (length: number, body: string[]) =>
  Object.assign(Readable.from(body.map(Buffer.from)), { headers: { "content-length": String(length) } });

test("the body of an upgrade: on the request, as Node 26 has it", async (t) => {
  const { body, head } = await takeUpgradeBody(request(5, ["12", "345"]), { socket: new PassThrough(), head: Buffer.from("in") });
  t.deepEqual([body.toString(), head.toString()], ["12345", "in"]);
});

test("the body of an upgrade: in head and socket, as Node 24 has it", async (t) => {
  const inHead = await takeUpgradeBody(request(5, []), { socket: new PassThrough(), head: Buffer.from("12345in") });
  t.deepEqual([inHead.body.toString(), inHead.head.toString()], ["12345", "in"]);
  const socket = new PassThrough();
  const late = takeUpgradeBody(request(5, []), { socket, head: Buffer.from("1") });
  socket.write("23");
  await new Promise((resolve) => setImmediate(resolve));
  socket.write("45inp");
  const taken = await late;
  t.deepEqual([taken.body.toString(), taken.head.toString()], ["12345", "inp"]);
  socket.end("ut");
  const rest: Buffer[] = [];
  for await (const piece of socket) rest.push(piece);
  t.is(Buffer.concat(rest).toString(), "ut");
  const broken = new PassThrough();
  broken.end("12");
  t.is((await takeUpgradeBody(request(5, []), { socket: broken, head: Buffer.alloc(0) })).body.toString(), "12");
});
