import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { request as tlsRequest } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import test from "ava";
import { harness, until } from "./harness.ts";

test("the socket: parent made, 0660, one daemon only, stale ones replaced", async (t) => {
  const { daemon, info } = await harness(t);
  const path = join(info.dataRoot, "a", "b", "d.sock");
  t.is(await daemon.listen({ unix: path }), path);
  t.is(statSync(path).mode & 0o777, 0o660);
  await t.throwsAsync(() => daemon.listen({ unix: path }), { code: "conflict", message: `a daemon is already listening on ${path}` });
  const stale = join(info.dataRoot, "stale.sock");
  const script = `require("net").createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, "SIGKILL"))`;
  t.throws(() => execFileSync(process.execPath, ["-e", script]));
  t.true(existsSync(stale));
  t.is(await daemon.listen({ unix: stale }), stale);
  const file = join(info.dataRoot, "file");
  writeFileSync(file, "precious");
  await t.throwsAsync(() => daemon.listen({ unix: file }), { code: "conflict", message: `${file} exists and is not a socket` });
});

test("TCP without TLS is refused", async (t) => {
  const { daemon } = await harness(t);
  await t.throwsAsync(() => daemon.listen({ tcp: { host: "127.0.0.1", port: 0 } }), {
    code: "invalid",
    message: "tcp://127.0.0.1:0 without TLS: whoever can reach it would be root here",
  });
});

test("TCP with mutual TLS serves those with a certificate, and only those", async (t) => {
  const { daemon, info } = await harness(t);
  const dir = join(info.dataRoot, "tls");
  mkdirSync(dir);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  const [days, key] = [
    ["-days", "2"],
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
  ];
  openssl("req", "-x509", ...days, ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca");
  for (const name of ["server", "client"]) {
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    writeFileSync(join(dir, "ext"), "subjectAltName=IP:127.0.0.1");
    openssl(
      "x509",
      "-req",
      ...days,
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-out",
      `${name}.pem`,
      "-extfile",
      "ext",
    );
  }
  const at = (name: string) => join(dir, name);
  const address = await daemon.listen({
    tcp: { host: "127.0.0.1", port: 0 },
    tls: { ca: at("ca.pem"), cert: at("server.pem"), key: at("server.key") },
  });
  const port = Number(address.split(":")[1]);
  const ask = (options: object) =>
    new Promise<string>((resolve, reject) => {
      const asked = tlsRequest(
        { host: "127.0.0.1", port, path: "/_ping", agent: false, ca: readFileSync(at("ca.pem")), ...options },
        (answer) => {
          answer.setEncoding("utf8").on("data", resolve).on("error", reject);
        },
      );
      asked.on("error", reject).end();
    });
  t.is(await ask({ cert: readFileSync(at("client.pem")), key: readFileSync(at("client.key")) }), "OK");
  await t.throwsAsync(() => ask({}));
  const missing = { ca: at("nosuch"), cert: at("server.pem"), key: at("server.key") };
  await t.throwsAsync(() => daemon.listen({ tcp: { host: "127.0.0.1", port: 0 }, tls: missing }), { code: "invalid" });
});

test.serial("wait and events send their headers at once, and closing ends them", async (t) => {
  const parts = await harness(t);
  const { daemon } = parts;
  const path = await daemon.listen({ unix: join(parts.info.dataRoot, "d.sock") });
  await parts.made("c1");
  await parts.call("POST", "/v1.50/containers/c1/start");
  const before = readdirSync("/proc/self/fd").length;
  const ends: string[] = [];
  for (const [method, url] of [
    ["POST", "/v1.50/containers/c1/wait"],
    ["GET", "/v1.50/events"],
  ] as const) {
    await new Promise<void>((resolve) => {
      request({ socketPath: path, path: url, method }, (answer) => {
        t.is(answer.statusCode, 200);
        answer.on("data", () => {}).on("close", () => ends.push(url));
        resolve();
      }).end();
    });
  }
  await daemon.close();
  await until(() => ends.length === 2);
  t.false(existsSync(path));
  await until(() => readdirSync("/proc/self/fd").length <= before);
});

test("a reader that does not read is no burden on others", async (t) => {
  const { daemon, info, call, made } = await harness(t);
  const path = await daemon.listen({ unix: join(info.dataRoot, "d.sock") });
  const lazy = connect(path);
  lazy.write("GET /v1.50/events HTTP/1.1\r\nHost: x\r\n\r\n");
  lazy.pause();
  await made("c1", { Labels: { filler: "x".repeat(10_000) } });
  for (let i = 0; i < 300; i++) await call("POST", `/v1.50/containers/c1/rename?name=c${(i % 2) + 2}`);
  t.is((await call("GET", "/_ping")).status, 200);
  lazy.destroy();
});
