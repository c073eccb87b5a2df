import { once } from "node:events";
import test from "ava";
import { bindSocket, closeFd, listen, openNs, socketIn, socketNumbers } from "../../../native/index.ts";
import { ipBytes, parseIp } from "../../../src/model/address.ts";
import type { Netns } from "../../../src/model/kernel.ts";
import { end, start } from "../../support/process.ts";
import { world } from "./world.ts";

const ANY = parseIp("0.0.0.0");

/** A process of its own that listens in a namespace. */
async function server(where: Netns, script: string) {
  const argv = ["nsenter", `--net=${where.path}`, process.execPath, "--eval", script];
  const child = start(argv, { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout !== null) await once(child.stdout, "data");
  return { pid: child.pid, [Symbol.asyncDispose]: () => end(child) };
}

test("a held port is taken until it is let go", async (t) => {
  await using w = await world();
  const { kernel } = w;
  for (const protocol of ["tcp", "udp"] as const) {
    const held = await kernel.holdPort(protocol, ANY, 8080);
    t.like(await t.throwsAsync(kernel.holdPort(protocol, ANY, 8080)), {
      code: "conflict",
      message: `failed to bind host port 0.0.0.0:8080/${protocol}: address already in use by node (pid ${process.pid})`,
    });
    t.like(await t.throwsAsync(kernel.holdPort(protocol, parseIp("127.0.0.1"), 8080)), { code: "conflict" });
    const six = await kernel.holdPort(protocol, parseIp("::"), 8080);
    held.close();
    held.close();
    six.close();
    (await kernel.holdPort(protocol, ANY, 8080)).close();
  }
});

test("the process in the way is named", async (t) => {
  await using w = await world();
  await using tcp = await server(w.host, `require("net").createServer().listen(80, "0.0.0.0", () => console.log("ready"))`);
  t.like(await t.throwsAsync(w.kernel.holdPort("tcp", ANY, 80)), {
    message: `failed to bind host port 0.0.0.0:80/tcp: address already in use by node (pid ${tcp.pid})`,
    hint: "stop it or publish another port",
  });
  await using udp = await server(w.host, `require("dgram").createSocket("udp6").bind(53, "::", () => console.log("ready"))`);
  t.like(await t.throwsAsync(w.kernel.holdPort("udp", parseIp("::1"), 53)), {
    message: `failed to bind host port [::1]:53/udp: address already in use by node (pid ${udp.pid})`,
  });
});

test("an address that the host does not have, a port that one may not have", async (t) => {
  await using w = await world();
  t.like(await t.throwsAsync(w.kernel.holdPort("tcp", parseIp("198.51.100.7"), 80)), {
    code: "notFound",
    message: "failed to bind host port 198.51.100.7:80/tcp: cannot assign requested address",
  });
  await t.notThrowsAsync(async () => (await w.kernel.holdPort("sctp", ANY, 80)).close());
});

test("a connection to a held port is not answered, and one that was closed does not hold it", async (t) => {
  await using w = await world();
  const ns = openNs(w.host.path);
  const fd = socketIn(ns, socketNumbers.AF_INET, socketNumbers.SOCK_STREAM, 0);
  bindSocket(fd, Buffer.from(ipBytes(ANY)), 8081, { reuseAddr: true });
  listen(fd, 8);
  // A client that is left with the closing side's memory of the port (TIME_WAIT) on the server's end.
  const client = w.run(w.host, ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8081; cat <&3"]);
  const { createServer } = await import("node:net");
  const listener = createServer((socket) => socket.end("bye")).listen({ fd });
  t.is(await client, "bye");
  listener.close();
  await once(listener, "close");
  t.regex(await w.run(w.host, ["ss", "-tan", "state", "time-wait"]), /:8081/);
  const held = await w.kernel.holdPort("tcp", ANY, 8081);
  const attempt = await w.run(w.host, ["bash", "-c", "timeout 0.3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8081'; echo $?"]);
  t.is(attempt, "124\n", "neither accepted nor refused");
  held.close();
  closeFd(ns);
});
