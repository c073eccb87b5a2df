import { readFileSync, writeFileSync } from "node:fs";
import test from "ava";
import { type BundleInput, cgroupPath, environment, type HostFacts, ociSpec } from "../../../src/container/bundle.ts";
import { completeConfig, completeHostConfig } from "../../../src/container/config.ts";
import { execProcess } from "../../../src/container/exec-process.ts";
import type { Row } from "../../../src/container/rows.ts";
import { planMounts } from "../../../src/container/spec/mount-wishes.ts";
import type { ContainerConfig, HostConfig } from "../../../src/container/types.ts";

const ID = "0123456789abcdef".repeat(4);
const FACTS: HostFacts = {
  capabilities: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN"],
  hardLimits: new Map([["nofile", 20000]]),
  ...{ cpus: 2, cgroupVersion: 1, arch: "x64", initPath: "/usr/bin/tini" },
};
const PLACEMENT = { netns: "/run/ns", hosts: "/c/hosts", resolvConf: "/c/resolv.conf", hostname: "/c/hostname" };

function input(config: Partial<ContainerConfig>, host: Partial<HostConfig>): BundleInput {
  const complete = completeConfig({ Image: "i", Cmd: ["sleep", "1"], ...config }, {}, ID);
  const hostConfig = completeHostConfig(host, 1);
  const mounts = planMounts(hostConfig, [], (name) => `/volumes/${name}`);
  const state = { status: "created" as const, pid: 0, exitCode: 0, error: "", oomKilled: false, startedAt: "", finishedAt: "" };
  const container: Row = {
    ...{
      id: ID,
      name: "c",
      createdAt: "",
      imageId: "i",
      imageRef: "i",
      path: "sleep",
      args: ["1"],
      state,
      restartCount: 0,
      stoppedByHand: false,
    },
    ...{ config: complete, hostConfig, mounts },
  };
  const devices = { nodes: [], rules: [{ allow: false, access: "rwm" }] };
  return {
    ...{ container, placement: PLACEMENT, planned: mounts, rootfs: "/rootfs", devices, joined: {}, facts: FACTS },
    user: { uid: 0, gid: 0, additionalGids: [0] },
  };
}

test("config.json of an ordinary container", (t) => {
  const golden = new URL("bundle.golden.json", import.meta.url);
  const made = `${JSON.stringify(ociSpec(input({ Env: ["A=1"] }, { Binds: ["/srv:/srv:ro", "vol:/data"], Memory: 64 << 20, NanoCpus: 5e8 })), null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(golden, made);
  t.deepEqual(JSON.parse(made), JSON.parse(readFileSync(golden, "utf8")));
});

test("a privileged one has all that the daemon has, and nothing is hidden from it", (t) => {
  const spec = ociSpec(input({}, { Privileged: true }));
  t.deepEqual(spec.process.capabilities.bounding, FACTS.capabilities);
  t.deepEqual([spec.linux.maskedPaths, spec.linux.readonlyPaths, spec.linux.seccomp], [[], [], undefined]);
  t.true(spec.mounts.find(({ type }) => type === "sysfs")?.options.includes("rw"));
});

test("modes of the host leave the namespace out", (t) => {
  const types = (host: Partial<HostConfig>) => ociSpec(input({}, host)).linux.namespaces.map(({ type }) => type);
  t.deepEqual(types({}), ["mount", "pid", "ipc", "uts", "network"]);
  t.deepEqual(types({ PidMode: "host", IpcMode: "host", UTSMode: "host", NetworkMode: "host", CgroupnsMode: "private" }), [
    "mount",
    "cgroup",
  ]);
  t.is(ociSpec(input({}, { UTSMode: "host" })).hostname, undefined);
  t.deepEqual(ociSpec({ ...input({}, {}), joined: { pid: "/proc/7/ns/pid" } }).linux.namespaces[1], {
    type: "pid",
    path: "/proc/7/ns/pid",
  });
});

test("init stands before the command", (t) => {
  const spec = ociSpec(input({}, { Init: true }));
  t.deepEqual(spec.process.args, ["/sbin/docker-init", "--", "sleep", "1"]);
  t.is(spec.mounts.at(-1)?.source, "/usr/bin/tini");
});

test("security options and who is not root", (t) => {
  const made = input({}, { SecurityOpt: ["no-new-privileges:true", "seccomp=unconfined"], CapAdd: ["SYS_ADMIN"] });
  const spec = ociSpec({ ...made, user: { uid: 5, gid: 5, additionalGids: [5] } });
  t.true(spec.process.noNewPrivileges);
  t.is(spec.linux.seccomp, undefined);
  t.deepEqual(spec.process.capabilities.effective, []);
  t.true(spec.process.capabilities.bounding.includes("CAP_SYS_ADMIN"));
});

test("a person's own file takes the place of ours", (t) => {
  const spec = ociSpec(input({}, { Binds: ["/my/hosts:/etc/hosts"] }));
  t.deepEqual(
    spec.mounts.filter(({ destination }) => destination === "/etc/hosts").map(({ source }) => source),
    ["/my/hosts"],
  );
});

test("the environment: defaults, then the image's, then the person's; a bare name takes one away", (t) => {
  const { container } = input({ Env: ["A=2", "A=3", "HOSTNAME"], Tty: true }, {});
  t.deepEqual(environment(container), ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", "A=3"]);
});

test("an exec takes over what the container has", (t) => {
  const { container } = input({ Env: ["A=1"], WorkingDir: "/w" }, {});
  const exec = { user: "", privileged: false, tty: true, attachStdin: false, attachStdout: true, attachStderr: true, detachKeys: "" };
  const config = { ...exec, env: ["B=2"], workingDir: "", cmd: ["sh"], consoleSize: [24, 80] as [number, number] };
  const made = execProcess({ ...container, mounts: [] }, config, { uid: 0, gid: 0, additionalGids: [] }, FACTS);
  t.like(made, { terminal: true, consoleSize: { height: 24, width: 80 }, cwd: "/w", args: ["sh"] });
  t.true(["A=1", "B=2", "TERM=xterm"].every((text) => made.env.includes(text)));
  t.deepEqual(
    execProcess({ ...container, mounts: [] }, { ...config, privileged: true }, { uid: 0, gid: 0, additionalGids: [] }, FACTS).capabilities
      .bounding,
    FACTS.capabilities,
  );
});

test("cgroups lie below one folder, or the one that was asked for", (t) => {
  t.is(cgroupPath(input({}, {}).container), `/netloom/${ID}`);
  t.is(cgroupPath(input({}, { CgroupParent: "foo/" }).container), `/foo/${ID}`);
});
