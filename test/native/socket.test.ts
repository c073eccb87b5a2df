import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import test from "ava";
import {
  bindSocket,
  closeFd,
  dropAll,
  HERE,
  listen,
  localPort,
  netnsCreate,
  netnsUnbind,
  openNs,
  socketIn,
  socketNumbers,
} from "../../native/index.ts";
import { must } from "../support/process.ts";
import { temporaryFolder } from "./fixtures/echo.ts";

const { AF_INET, AF_INET6, SOCK_STREAM, SOCK_DGRAM } = socketNumbers;
const LOOPBACK = Buffer.from([127, 0, 0, 1]);

test("a socket of a namespace serves Node from outside", async (t) => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/netns`;
  await netnsCreate(path, []);
  await must(["nsenter", `--net=${path}`, "ip", "link", "set", "lo", "up"]);
  const ns = openNs(path);
  const fd = socketIn(ns, AF_INET, SOCK_DGRAM, 0);
  bindSocket(fd, LOOPBACK, 5353, {});
  const server = createSocket("udp4").bind({ fd });
  server.on("message", (bytes, from) => server.send(bytes.toString().toUpperCase(), from.port, from.address));
  const script = "exec 3<>/dev/udp/127.0.0.1/5353; echo hello >&3; head -c 6 <&3";
  t.is(await must(["nsenter", `--net=${path}`, "bash", "-c", script]), "HELLO\n");
  server.close();
  closeFd(ns);
  await netnsUnbind(path);
});

test("a listening socket is handed to a server", async (t) => {
  const fd = socketIn(HERE, AF_INET, SOCK_STREAM, 0);
  bindSocket(fd, LOOPBACK, 0, { reuseAddr: true });
  listen(fd, 8);
  const port = localPort(fd);
  const server = createServer((socket) => socket.end("hi")).listen({ fd });
  const client = connect(port, "127.0.0.1");
  const [data] = (await once(client, "data")) as [Buffer];
  t.is(data.toString(), "hi");
  server.close();
});

test("a bound port is taken, and one that drops all never answers", async (t) => {
  const fd = socketIn(HERE, AF_INET, SOCK_STREAM, 0);
  dropAll(fd);
  bindSocket(fd, LOOPBACK, 0, {});
  listen(fd, 1);
  const port = localPort(fd);
  const second = socketIn(HERE, AF_INET, SOCK_STREAM, 0);
  t.like(
    t.throws(() => bindSocket(second, LOOPBACK, port, {})),
    { code: "EADDRINUSE", syscall: "bind" },
  );
  const client = connect({ port, host: "127.0.0.1" });
  const outcome = await Promise.race([
    once(client, "connect").then(() => "connected"),
    once(client, "error").then(() => "refused"),
    new Promise((resolve) => setTimeout(resolve, 200, "silence")),
  ]);
  t.is(outcome, "silence");
  client.destroy();
  closeFd(second);
  closeFd(fd);
});

test("IPv6 beside IPv4 on one port, and addresses that are not there", (t) => {
  const four = socketIn(HERE, AF_INET, SOCK_DGRAM, 0);
  bindSocket(four, Buffer.alloc(4), 0, {});
  const six = socketIn(HERE, AF_INET6, SOCK_DGRAM, 0);
  bindSocket(six, Buffer.alloc(16), localPort(four), { v6only: true });
  t.is(localPort(six), localPort(four));
  const other = socketIn(HERE, AF_INET, SOCK_DGRAM, 0);
  const elsewhere = Buffer.from([198, 51, 100, 7]);
  t.throws(() => bindSocket(other, elsewhere, 0, {}), { code: "EADDRNOTAVAIL" });
  t.notThrows(() => bindSocket(other, elsewhere, 0, { freebind: true }));
  for (const fd of [four, six, other]) closeFd(fd);
});

test("wrong arguments", (t) => {
  const fd = socketIn(HERE, AF_INET, SOCK_DGRAM, 0);
  t.throws(() => bindSocket(fd, Buffer.alloc(5), 0, {}), { code: "EINVAL" });
  t.throws(() => bindSocket(fd, LOOPBACK, 65536, {}), { code: "EINVAL" });
  t.throws(() => bindSocket(fd, LOOPBACK, 0, undefined as never), { instanceOf: TypeError });
  t.throws(() => bindSocket(fd, LOOPBACK, 0, { v6only: 1 } as never), { instanceOf: TypeError });
  t.throws(() => socketIn(HERE, 999, 1, 0), { code: "EAFNOSUPPORT" });
  closeFd(fd);
  t.throws(() => closeFd(fd), { code: "EBADF" });
  t.throws(() => localPort(fd), { code: "EBADF" });
});
