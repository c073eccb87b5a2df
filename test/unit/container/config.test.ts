import test from "ava";
import { checkHostConfig, hostWarnings } from "../../../src/container/check-host.ts";
import { completeConfig, completeHostConfig } from "../../../src/container/config.ts";
import { parseHardLimits } from "../../../src/container/facts.ts";
import { checkName } from "../../../src/container/names.ts";
import { createFailure, runtimeMessage, startExitCode } from "../../../src/container/runtime-errors.ts";
import { parseSignal } from "../../../src/container/signals.ts";
import { capabilitiesOf, capabilitySet } from "../../../src/container/spec/capabilities.ts";
import { ociResources, ociRlimits } from "../../../src/container/spec/resources.ts";
import { lookUpUser } from "../../../src/container/spec/user.ts";
import { filterProcesses } from "../../../src/container/top.ts";
import type { ContainerConfig, HostConfig } from "../../../src/container/types.ts";

const ID = "ab".repeat(32);
const FACTS = {
  capabilities: ["CAP_CHOWN"],
  hardLimits: new Map([["nofile", 100]]),
  cpus: 2,
  cgroupVersion: 1 as const,
  arch: "x64",
  initPath: undefined,
};

test("command and entrypoint of person and image", (t) => {
  const image: Partial<ContainerConfig> = { Entrypoint: ["/e"], Cmd: ["c"] };
  const of = (wish: Partial<ContainerConfig>) => {
    const { Entrypoint, Cmd } = completeConfig({ Image: "i", ...wish }, image, ID);
    return [Entrypoint, Cmd];
  };
  t.deepEqual(of({}), [["/e"], ["c"]]);
  t.deepEqual(of({ Cmd: ["x"] }), [["/e"], ["x"]]);
  t.deepEqual(of({ Entrypoint: ["/f"] }), [["/f"], null]);
  t.deepEqual(of({ Entrypoint: [""], Cmd: ["x"] }), [null, ["x"]]);
  t.throws(() => of({ Entrypoint: [""] }), { message: "no command specified" });
});

test("the rest of image and person is joined", (t) => {
  const image = {
    Env: ["A=1", "B=1"],
    Labels: { l: "image", m: "image" },
    ExposedPorts: { "80/tcp": {} },
    User: "u",
    WorkingDir: "/w",
    StopSignal: "INT",
  };
  const made = completeConfig({ Image: "i", Cmd: ["x"], Env: ["B=2"], Labels: { l: "mine" }, ExposedPorts: { "90/tcp": {} } }, image, ID);
  t.like(made, {
    Env: ["A=1", "B=2"],
    Labels: { l: "mine", m: "image" },
    User: "u",
    WorkingDir: "/w",
    StopSignal: "INT",
    Hostname: ID.slice(0, 12),
  });
  t.deepEqual(Object.keys(made.ExposedPorts ?? {}).sort(), ["80/tcp", "90/tcp"]);
  t.throws(() => completeConfig({ Image: "i", Cmd: ["x"], WorkingDir: "rel" }, {}, ID), { message: /needs to be an absolute path/ });
  t.throws(() => completeConfig({ Image: "i", Cmd: ["x"], StopSignal: "NO" }, {}, ID), { message: "invalid signal: NO" });
});

test("what a host cannot do is refused, what it does otherwise is told", (t) => {
  const refused = (host: Partial<HostConfig>, message: string | RegExp, config: Partial<ContainerConfig> = {}) =>
    t.throws(() => checkHostConfig(completeHostConfig(host, 1), config, FACTS), { message });
  refused({ Memory: 1000 }, "Minimum memory limit allowed is 6MB");
  refused({ Memory: 64 << 20, MemorySwap: 1 << 20 }, /memoryswap limit should be larger/);
  refused({ NanoCpus: 3e9 }, "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available");
  refused({ RestartPolicy: { Name: "often", MaximumRetryCount: 0 } }, /unknown policy 'often'/);
  refused(
    { AutoRemove: true, RestartPolicy: { Name: "always", MaximumRetryCount: 0 } },
    "can't create 'AutoRemove' container with restart policy",
  );
  refused({ UTSMode: "host" }, "conflicting options: hostname and the UTS mode", { Hostname: "h" });
  refused({ Sysctls: { "kernel.panic": "1" } }, /sysctl 'kernel.panic' is not allowed/);
  refused({ Sysctls: { "net.ipv4.ip_forward": "1" }, NetworkMode: "host" }, /not allowed/);
  refused({ CapAdd: ["FLY"] }, 'invalid CapAdd: unknown capability: "FLY"');
  refused(
    { Mounts: [{ Type: "bind", Source: "/nosuch", Target: "/x" }] },
    'invalid mount config for type "bind": bind source path does not exist: /nosuch',
  );
  refused({ LogConfig: { Type: "syslog", Config: {} } }, "logger: no log driver named 'syslog' is registered");
  const host = completeHostConfig(
    { CapAdd: ["NET_ADMIN"], Init: true, UsernsMode: "keep-id", DeviceRequests: [{}], SecurityOpt: ["apparmor=strict"] },
    1,
  );
  t.deepEqual(
    hostWarnings({ ...host, Ulimits: [{ Name: "nofile", Soft: 1, Hard: 200 }] }, completeConfig({ Image: "i", Cmd: ["x"] }, {}, ID), FACTS),
    [
      "Ulimit lowered to the limit of the daemon: nofile: 200 is more than 100",
      "Capabilities discarded, because the daemon itself does not have them: NET_ADMIN",
      "Security option discarded: apparmor=strict",
      "Init discarded: no init program is installed (tini, docker-init or catatonit)",
      "User namespace mode discarded",
      "Device requests discarded: not supported",
    ],
  );
});

test("capabilities", (t) => {
  t.deepEqual(capabilitiesOf("0000000000003001"), ["CAP_CHOWN", "CAP_NET_ADMIN", "CAP_NET_RAW"]);
  const ours = capabilitiesOf("000001ffffffffff");
  t.is(ours.length, 41);
  t.is(capabilitySet({ add: [], drop: [], privileged: false }, ours).length, 14);
  t.deepEqual(capabilitySet({ add: ["sys_time"], drop: ["ALL"], privileged: false }, ours), ["CAP_SYS_TIME"]);
  t.deepEqual(capabilitySet({ add: ["ALL"], drop: ["CAP_CHOWN"], privileged: false }, ours), ours.slice(1));
  t.deepEqual(capabilitySet({ add: ["SYS_TIME"], drop: [], privileged: false }, ["CAP_CHOWN"]), ["CAP_CHOWN"]);
});

test("limits", (t) => {
  const host = (wish: Partial<HostConfig>) => completeHostConfig(wish, 1);
  t.deepEqual(ociResources(host({})), {});
  t.deepEqual(ociResources(host({ Memory: 100, NanoCpus: 15e8, PidsLimit: 5 })), {
    ...{ memory: { limit: 100, swap: 200 }, cpu: { period: 100_000, quota: 150_000 }, pids: { limit: 5 } },
  });
  t.deepEqual(ociResources(host({ Memory: 100, MemorySwap: -1 })).memory, { limit: 100, swap: -1 });
  const { rlimits } = ociRlimits(host({ Ulimits: [{ Name: "nofile", Soft: 50, Hard: -1 }] }), FACTS.hardLimits);
  t.deepEqual(rlimits, [{ type: "RLIMIT_NOFILE", soft: 50, hard: 100 }]);
  const limits = parseHardLimits(
    "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 20000                files     \nMax cpu time              unlimited            unlimited            seconds   \n",
  );
  t.deepEqual([...limits], [["nofile", 20000]]);
});

test("users by the image's own files", (t) => {
  const passwd = "root:x:0:0::/root:/bin/sh\nann:x:1000:100::/h:/bin/sh\nbroken line\n7:x:70:70::/:\n";
  const group = "root:x:0:\nann:x:100:\nwheel:x:10:root,ann\n";
  const of = (wish: string, add: string[] = []) => {
    const { uid, gid, additionalGids } = lookUpUser(wish, add, passwd, group);
    return [uid, gid, additionalGids];
  };
  t.deepEqual(of(""), [0, 0, [0, 10]]);
  t.deepEqual(of("ann"), [1000, 100, [100, 10]]);
  t.deepEqual(of("1000"), [1000, 100, [100, 10]]);
  t.deepEqual(of("ann:wheel"), [1000, 10, [10]]);
  t.deepEqual(of("4000:5000"), [4000, 5000, [5000]]);
  t.deepEqual(of("4000", ["wheel", "77"]), [4000, 0, [0, 10, 77]]);
  t.throws(() => of("bob"), { message: "unable to find user bob: no matching entries in passwd file" });
  t.throws(() => of("ann:bobs"), { message: "unable to find group bobs: no matching entries in group file" });
  t.throws(() => of("4294967295"), { message: /range/ });
});

test("signals", (t) => {
  t.deepEqual(["TERM", "SIGKILL", "9", "winch", "RTMIN+3", "RTMAX-1"].map(parseSignal), [15, 9, 9, 28, 37, 63]);
  for (const text of ["", "0", "65", "NOPE", "RTMAX+1"]) t.throws(() => parseSignal(text), { message: `invalid signal: ${text}` });
});

test("names", (t) => {
  for (const name of ["a", "", "bad/name", "-x", "a b"]) t.throws(() => checkName(name, []), { message: /^Invalid container name/ });
  t.notThrows(() => checkName("Web_1.x-y", []));
});

test("the runtime's words", (t) => {
  const line = 'time="2026-11-24T02:46:00Z" level=error msg="runc create failed: exec: \\"x\\": executable file not found in $PATH"\n';
  t.is(runtimeMessage(line), 'runc create failed: exec: "x": executable file not found in $PATH');
  t.is(runtimeMessage("plain words\n"), "plain words");
  t.deepEqual(["executable file not found", "is a directory: permission denied", "no space"].map(startExitCode), [127, 126, 128]);
  t.is(createFailure("no space left on device").code, "internal");
});

test("rows of ps", (t) => {
  const text = "UID   PID CMD\nroot  10  sh -c  'a  b'\nroot  100 other\n";
  t.deepEqual(filterProcesses(text, new Set([10])), { titles: ["UID", "PID", "CMD"], processes: [["root", "10", "sh -c  'a  b'"]] });
  t.throws(() => filterProcesses("CMD\nsh\n", new Set()), { message: "Couldn't find PID field in ps output" });
});
