import { readdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import test from "ava";
import { startNetloomd } from "../test/support/daemon.ts";
import { docker, mustDocker } from "../test/support/docker.ts";
import { fetchFrom } from "../test/support/fetch.ts";
import { hostNetns, netns } from "../test/support/netns.ts";
import { words } from "../test/support/page.ts";
import { must, ROOT } from "../test/support/process.ts";
import { changes, stateOf } from "../test/support/state.ts";

// A daemon that cannot serve says why, ends with a status, and does not touch what another one serves.

const NETLOOMD = [process.execPath, `${ROOT}/bin/netloomd.js`];

test("a second daemon is refused whatever it shares with the first, which goes on as if nothing had been", async (t) => {
  await using host = await hostNetns();
  await using first = await startNetloomd(host);
  await first.importAlpine();
  await mustDocker(first, words("run -d --name web -p 8080:80 alpine httpd -f -p 80 -h /www"));
  const before = await stateOf(host, first);
  const own = `${first.dir}/second`;
  const config = (text: string) => {
    writeFileSync(`${first.dir}/daemon.json`, text);
    return ["--config-file", `${first.dir}/daemon.json`];
  };
  const start = async (...args: string[]) => {
    const roots = { "-H": `unix://${own}/sock`, "--data-root": `${own}/data`, "--exec-root": `${own}/exec`, "--pidfile": `${own}/pid` };
    const rest = Object.entries(roots).flatMap(([flag, value]) => (args.includes(flag) ? [] : [flag, value]));
    const { status, stderr } = await host.run([...NETLOOMD, ...args, ...rest]);
    t.deepEqual(await stateOf(host, first), before, args.join(" "));
    return { status, said: (stderr.split("\n")[0] ?? "").replace(/^netloomd: /, "") };
  };

  for (const [args, status, why] of [
    [["--pidfile", `${first.execRoot}/netloomd.pid`], 1, `process with PID ${first.pid} is still running`],
    [["-H", first.host], 1, `a daemon is already listening on ${first.socketPath}`],
    [["-H", `unix://${first.execRoot}/netloomd.pid`], 1, `${first.execRoot}/netloomd.pid exists and is not a socket`],
    [[], 1, `this network namespace is served by another netloomd already: process ${first.pid}`],
    [["-H", "tcp://127.0.0.1:2375"], 1, "refusing to listen on tcp://127.0.0.1:2375 without mutual TLS"],
    [["-H", "tcp://127.0.0.1:2375", "--tls"], 1, "refusing to listen on tcp://127.0.0.1:2375 without mutual TLS"],
    [["-H", "nonsense"], 1, "invalid host: nonsense"],
    [["--data-root", "data"], 1, 'invalid value for --data-root: "data"'],
    [["--mtu", "big"], 1, 'invalid value for --mtu: "big"'],
    [["--firewall-backend", "pf"], 1, 'invalid value for --firewall-backend: "pf"'],
    [["--nosuch"], 2, "error: unknown option '--nosuch'"],
    [["stray"], 2, "error: too many arguments. Expected 0 arguments but got 1: stray."],
    [config('{"nosuch": 1}'), 1, `unknown key "nosuch" in ${first.dir}/daemon.json`],
    [
      ["--config-file", `${own}/absent.json`],
      1,
      `cannot read the configuration file ${own}/absent.json: ENOENT: no such file or directory`,
    ],
  ] as const) {
    const { status: ended, said } = await start(...args);
    t.is(ended, status, `${args.join(" ")}: ${said}`);
    t.true(said.startsWith(why), `${args.join(" ")}: ${said}`);
  }
  t.regex((await start(...config('{"mtu": 1'))).said, /^the configuration file .*daemon\.json is not valid: /);
  t.deepEqual(await start(...config('{"mtu": 1400}'), "--mtu", "1500"), {
    status: 1,
    said: "the following directives are specified both as a flag and in the configuration file: mtu: (from flag: 1500, from file: 1400)",
  });
  t.regex(await fetchFrom(host.outside, `http://${host.address.ipv4}:8080/`), /hello/);
});

test("folders that another daemon uses are refused in any namespace", async (t) => {
  await using host = await hostNetns();
  await using first = await startNetloomd(host);
  await using elsewhere = await netns();
  const before = await stateOf(host, first);
  const own = `${first.dir}/second`;
  for (const [data, exec, taken] of [
    [first.dataRoot, `${own}/exec`, first.dataRoot],
    [`${own}/data`, first.execRoot, first.execRoot],
  ]) {
    const roots = ["-H", `unix://${own}/sock`, "--data-root", `${data}`, "--exec-root", `${exec}`, "--pidfile", `${own}/pid`];
    const { status, stderr } = await elsewhere.run([...NETLOOMD, ...roots]);
    t.is(status, 1);
    t.is(stderr.split("\n")[0], `netloomd: ${taken}/netloom.db is used by another process`);
    t.deepEqual(await stateOf(host, first), before);
    t.is(await elsewhere.must(["ip", "-brief", "link", "show", "type", "bridge"]), "");
  }
});

test("without CAP_NET_ADMIN it says so and leaves nothing", async (t) => {
  await using host = await netns();
  const dir = await mkdtemp(`${tmpdir()}/nl-`);
  t.teardown(() => rm(dir, { recursive: true }));
  const roots = ["-H", `unix://${dir}/sock`, "--data-root", `${dir}/data`, "--exec-root", `${dir}/exec`, "--pidfile", `${dir}/pid`];
  const powerless = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"];
  const { status, stderr } = await host.run([...powerless, ...NETLOOMD, ...roots]);
  t.is(status, 1);
  t.is(stderr.split("\n")[0], "netloomd: container networks need the capability CAP_NET_ADMIN");
  t.is((await host.must(["ip", "-brief", "link"])).trim().split("\n").length, 1, "only lo");
  t.is(await host.must(["/usr/sbin/nft", "list", "ruleset"]), "");
  t.deepEqual(readdirSync(dir).toSorted(), ["data", "exec"], "no socket, no pidfile");
});

test("on a full disk changes are refused, nothing is lost, and there is room again", async (t) => {
  await using host = await hostNetns();
  const disk = await mkdtemp(`${tmpdir()}/nl-`);
  await must(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]);
  t.teardown(async () => {
    await must(["umount", "--lazy", disk]);
    await rm(disk, { recursive: true });
  });
  await using daemon = await startNetloomd(host, { args: ["--data-root", `${disk}/data`] });
  await daemon.importAlpine();
  await mustDocker(daemon, words("network create before"));
  await mustDocker(daemon, words("run -d --name web --network before -p 8080:80 alpine httpd -f -p 80 -h /www"));
  const state = await stateOf(host, daemon);
  await host.run(["dd", "if=/dev/zero", `of=${disk}/filler`, "bs=4k"]);

  for (const [line, status, why] of [
    ["network create after", 1, /^Error response from daemon: cannot write to .*netloom\.db: database or disk is full$/m],
    ["create --name after alpine true", 1, /disk is full|no space left/],
    ["run -d --name after alpine sleep 600", 125, /disk is full|no space left/],
    [`import ${ROOT}/build/alpine.tar after:1`, 1, /^Error response from daemon: cannot read the archive: no space left on device$/m],
    ["network connect bridge web", 1, /disk is full|no space left/],
  ] as const) {
    const result = await docker(daemon, words(line));
    t.is(result.status, status, `${line}\n${result.stdout}${result.stderr}`);
    t.regex(result.stderr, why, line);
    t.deepEqual(await changes(host, daemon, state), [], line);
  }
  t.regex(await fetchFrom(host.outside, `http://${host.address.ipv4}:8080/`), /hello/, "what runs goes on");

  await rm(`${disk}/filler`);
  await mustDocker(daemon, words("network create after"));
  await mustDocker(daemon, words("network connect after web"));
  await daemon.kill9();
  await daemon.restart();
  t.true((await mustDocker(daemon, words("network ls"))).includes("after"));
  t.regex(await fetchFrom(host.outside, `http://${host.address.ipv4}:8080/`), /hello/);
});
