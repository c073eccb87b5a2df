import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Command } from "commander";
import { parseHost } from "../../../src/config/address.ts";
import { readOptions } from "../../../src/config/read.ts";

const read = (argv: string[]) => readOptions(argv, new Command().exitOverride().configureOutput({ writeErr() {} }));

function withFile<R>(text: string, body: (path: string) => R): R {
  const folder = mkdtempSync(join(tmpdir(), "netloom-config-"));
  try {
    writeFileSync(join(folder, "daemon.json"), text);
    return body(join(folder, "daemon.json"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("defaults are those of the documentation", (t) => {
  const options = withFile("{}", (path) => read(["--config-file", path]));
  t.deepEqual(options.hosts, ["unix:///run/netloom/netloom.sock"]);
  t.is(options.dataRoot, "/var/lib/netloom");
  t.is(options.execRoot, "/run/netloom");
  t.is(options.firewallBackend, "auto");
});

test("flags and keys of daemon.json mean the same", (t) => {
  const flags = withFile("", (path) =>
    read([
      "--config-file",
      path,
      "-H",
      "unix:///a.sock",
      "-H",
      "tcp://[::1]:2376",
      "--bip",
      "10.1.0.1/24",
      "--icc=false",
      "-D",
      "--default-address-pool",
      "base=10.9.0.0/16,size=24",
    ]),
  );
  const file = withFile(
    '{"hosts":["unix:///a.sock","tcp://[::1]:2376"],"bip":"10.1.0.1/24","icc":false,"debug":true,"default-address-pools":[{"base":"10.9.0.0/16","size":24}]}',
    (path) => read(["--config-file", path]),
  );
  t.deepEqual({ ...flags, configFile: "" }, { ...file, configFile: "" });
});

for (const [what, argv, text, message] of [
  ["an unknown flag", ["--nosuch"], "{}", /unknown option '--nosuch'/],
  ["an unknown key", [], '{"nosuch": 1}', /unknown key "nosuch"/],
  [
    "a setting in both",
    ["--mtu", "1400"],
    '{"mtu": 1300}',
    /specified both as a flag and in the configuration file: mtu: \(from flag: 1400, from file: 1300\)/,
  ],
  ["a bad level", ["-l", "loud"], "{}", /invalid value for --log-level: "loud"/],
  ["a relative folder", ["--data-root", "here"], "{}", /invalid value for --data-root: "here"/],
  ["JSON cut short", [], '{"mtu":', /configuration file .* is not valid/],
  ["a bad address", ["--bip", "300.1.1.1/24"], "{}", /invalid CIDR address: 300\.1\.1\.1\/24/],
] as [string, string[], string, RegExp][]) {
  test(`${what} is an error that names it`, (t) => {
    withFile(text, (path) => t.throws(() => read(["--config-file", path, ...argv]), { message }));
  });
}

test("hosts are unix paths or TCP addresses", (t) => {
  t.deepEqual(parseHost("unix:///run/x.sock"), { unix: "/run/x.sock" });
  t.deepEqual(parseHost("tcp://[::1]:2376"), { tcp: { host: "::1", port: 2376 } });
  for (const bad of ["", "fd://", "http://x", "tcp://1.2.3.4", "tcp://1.2.3.4:0", "tcp://1.2.3.4:70000", "unix://relative"]) {
    t.throws(() => parseHost(bad), { message: new RegExp(`invalid host: ${bad.replace(/[/.]/g, "\\$&")}`) });
  }
});
