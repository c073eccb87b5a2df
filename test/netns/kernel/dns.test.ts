import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import test from "ava";
import { closeFd } from "../../../native/index.ts";
import { encodeDnsRedirect } from "../../../src/kernel/dns-redirect.ts";
import { dnsSockets } from "../../../src/kernel/dns-sockets.ts";
import { namespaces } from "../../../src/kernel/namespaces.ts";
import { parseIp } from "../../../src/model/address.ts";
import type { DnsSockets } from "../../../src/model/kernel.ts";
import { end, start } from "../../support/process.ts";
import { refuses, type World, world } from "./world.ts";

/** Answers whatever comes with `name` and what came. */
function answer({ udpFd, tcpFd }: DnsSockets, name: string) {
  const udp = createSocket("udp4").bind({ fd: udpFd });
  udp.on("message", (bytes, from) => udp.send(`${name} ${bytes}`, from.port, from.address));
  const tcp = createServer((socket) => socket.on("data", (bytes) => socket.end(`${name} ${bytes}`))).listen({ fd: tcpFd });
  return () => {
    udp.close();
    tcp.close();
  };
}

function ask({ run }: World, path: string, protocol: "udp" | "tcp", address: string): Promise<string> {
  const script = `exec 3<>/dev/${protocol}/${address}/53; printf hi >&3; timeout 2 head -c 64 <&3 || true`;
  const once = protocol === "udp" ? script.replace("head -c 64", "dd bs=64 count=1 status=none") : script;
  return run({ path }, ["bash", "-c", once]);
}

test("port 53 of 127.0.0.11 is ours, all others are the container's", async (t) => {
  await using w = await world();
  const sandbox = await w.sandbox();
  const stop = answer(await w.kernel.dnsSockets(sandbox), "ours");
  const own = `const u = require("dgram").createSocket("udp4"); u.on("message", (b, f) => u.send("own " + b, f.port, f.address));
    require("net").createServer((s) => s.on("data", (b) => s.end("own " + b))).listen(53, "0.0.0.0", () => u.bind(53, "0.0.0.0", () => console.log("ready")));`;
  const child = start(["nsenter", `--net=${sandbox.path}`, process.execPath, "--eval", own], { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout !== null) await once(child.stdout, "data");
  try {
    for (const protocol of ["udp", "tcp"] as const) {
      t.is(await ask(w, sandbox.path, protocol, "127.0.0.11"), "ours hi", protocol);
      t.is(await ask(w, sandbox.path, protocol, "127.0.0.1"), "own hi", protocol);
    }
    t.is(await w.run(sandbox, ["conntrack", "-L"]), "", "no flow is tracked");
  } finally {
    await end(child);
    stop();
  }
});

test("a daemon that comes back takes over", async (t) => {
  await using w = await world();
  const sandbox = await w.sandbox();
  const before = await w.kernel.dnsSockets(sandbox);
  const after = await w.kernel.dnsSockets(sandbox);
  const stop = answer(after, "second");
  t.is(await ask(w, sandbox.path, "udp", "127.0.0.11"), "second hi");
  t.is(await ask(w, sandbox.path, "tcp", "127.0.0.11"), "second hi");
  stop();
  closeFd(before.udpFd);
  closeFd(before.tcpFd);
});

test("the rules are what nft(8) reads", async (t) => {
  await using w = await world();
  const sandbox = await w.sandbox();
  const { udpFd, tcpFd } = await w.kernel.dnsSockets(sandbox);
  const ruleset = await w.run(sandbox, ["nft", "list", "ruleset"]);
  const [udp, tcp] = [/udp dport set (\d+)/, /tcp dport set (\d+)/].map((pattern) => pattern.exec(ruleset)?.[1]);
  t.is(
    ruleset,
    `table ip netloom_dns {
\tchain output {
\t\ttype filter hook output priority raw; policy accept;
\t\tip daddr 127.0.0.11 udp dport 53 udp dport set ${udp}
\t\tip saddr 127.0.0.11 udp sport ${udp} udp sport set 53
\t\tip daddr 127.0.0.11 tcp dport 53 tcp dport set ${tcp}
\t\tip saddr 127.0.0.11 tcp sport ${tcp} tcp sport set 53
\t}
}
`,
  );
  t.is(encodeDnsRedirect(parseIp("127.0.0.11"), 1, 2).expectedReplies, 7);
  closeFd(udpFd);
  closeFd(tcpFd);
});

test("without nftables the sockets have port 53 itself", async (t) => {
  await using w = await world();
  const sandbox = await w.sandbox();
  const spaces = namespaces();
  const stop = answer(await dnsSockets(spaces, sandbox, false), "direct");
  t.is(await ask(w, sandbox.path, "udp", "127.0.0.11"), "direct hi");
  t.is(await ask(w, sandbox.path, "tcp", "127.0.0.11"), "direct hi");
  t.is(await w.run(sandbox, ["nft", "list", "ruleset"]), "");
  await refuses(
    t,
    dnsSockets(spaces, sandbox, false),
    "conflict",
    /^answer DNS at 127\.0\.0\.11 in .*: address already in use \(EADDRINUSE in bind\)$/,
  );
  stop();
  await spaces.close();
});
