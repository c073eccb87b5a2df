import test from "ava";
import { addLink, apply } from "../../../src/kernel/apply.ts";
import type { Namespaces } from "../../../src/kernel/namespaces.ts";
import { netlinkWriter, readMessages } from "../../../src/kernel/netlink/attribute.ts";
import type { Answer, Request } from "../../../src/kernel/netlink/message.ts";
import { writeIdentity } from "../../../src/kernel/netlink/new-link.ts";
import type { NetlinkSocket } from "../../../src/kernel/netlink/socket.ts";
import { parseCidr, parseIp } from "../../../src/model/address.ts";
import { NetError } from "../../../src/model/errors.ts";
import type { Change } from "../../../src/model/kernel.ts";

const host = { path: "/run/host" };
const sandbox = { path: "/run/sandbox" };

/** A kernel with links that does what it is told, except what `refusals` says; `log` has one line for each message sent. */
function fakeKernel(links: Record<string, number>, refusals: Record<string, string> = {}) {
  const log: string[] = [];
  const answer = (request: Request): Answer => {
    const [, shown] = /^ip link show dev (\S+)$/.exec(request.what) ?? [];
    const name = refusals[request.what] ?? (shown !== undefined && links[shown] === undefined ? "ENODEV" : undefined);
    if (name !== undefined) return { refusal: { errno: 1, name, text: name }, messages: [], interrupted: false };
    const [, made] = /^ip link add (\S+)/.exec(request.what) ?? [];
    if (made !== undefined) links[made] = Object.keys(links).length + 10;
    return { messages: shown === undefined ? [] : [linkMessage(shown, links[shown] ?? 0)], interrupted: false };
  };
  const route: NetlinkSocket = {
    async ask(requests) {
      if (requests.length > 0) log.push(requests.map(({ what }) => what).join("; "));
      return requests.map(answer);
    },
    dump: async (request) => answer(request),
    exchange: async () => Buffer.alloc(0),
    close: async () => undefined,
  };
  const opened: string[] = [];
  const spaces: Namespaces = {
    with(where, body) {
      opened.push(where.path);
      return body({ fd: 100 + opened.length, route, netfilter: route });
    },
    drop: async () => undefined,
    close: async () => undefined,
  };
  return { log, opened, spaces };
}

function linkMessage(name: string, index: number) {
  const w = netlinkWriter();
  w.message(16, 0, 1, () => {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(index, 4);
    w.header(header);
    writeIdentity(w, { name });
  });
  const [message] = [...readMessages(w.finish())];
  if (message === undefined) throw new Error("no message was written");
  return message;
}

test("changes with numbers are one message", async (t) => {
  const { log, spaces } = fakeKernel({});
  await apply(spaces, sandbox, [
    { verb: "link set", dev: 2, up: true },
    { verb: "addr add", dev: 2, address: parseIp("172.17.0.2"), prefix: 16 },
    { verb: "route add", to: parseCidr("0.0.0.0/0"), dev: 2, via: parseIp("172.17.0.1") },
  ]);
  t.deepEqual(log, ["ip link set dev 2 up; ip addr add 172.17.0.2/16 dev 2; ip route add default via 172.17.0.1 dev 2"]);
});

test("names are looked up first, all in one message, and only where the kernel does not do it", async (t) => {
  const { log, spaces } = fakeKernel({ br0: 4, eth0: 5 });
  await apply(spaces, host, [
    { verb: "link set", dev: "v1", master: "br0" },
    { verb: "addr add", dev: "eth0", address: parseIp("10.0.0.1"), prefix: 24 },
    { verb: "route del", to: parseCidr("10.1.0.0/16"), dev: "eth0" },
    { verb: "link del", dev: "v2" },
  ]);
  t.deepEqual(log, [
    "ip link show dev br0; ip link show dev eth0",
    "ip link set dev v1 master 4; ip addr add 10.0.0.1/24 dev eth0; ip route del 10.1.0.0/16 dev eth0; ip link del dev v2",
  ]);
});

test("what needs the index of a link that is made before begins another message", async (t) => {
  const { log, spaces } = fakeKernel({ lo: 1 });
  await apply(spaces, host, [
    { verb: "link add", link: { kind: "bridge", name: "br0" } },
    { verb: "addr add", dev: "br0", address: parseIp("10.0.0.1"), prefix: 24 },
    { verb: "link set", dev: "br0", up: true },
  ]);
  t.deepEqual(log, ["ip link add br0 type bridge", "ip link show dev br0", "ip addr add 10.0.0.1/24 dev br0; ip link set dev br0 up"]);
});

test("a rename needs the index, because the message has one place for a name", async (t) => {
  const { log, spaces } = fakeKernel({ eth0: 5 });
  await apply(spaces, host, [{ verb: "link set", dev: "eth0", name: "lan0", up: true, hairpin: true }]);
  t.deepEqual(log, ["ip link show dev eth0", "ip link set dev 5 up name lan0; ip link set dev lan0 type bridge_slave hairpin on"]);
});

test("the first failure is told, after all were tried", async (t) => {
  const { log, spaces } = fakeKernel({}, { "ip link set dev 2 up": "EPERM", "ip addr add 10.0.0.1/24 dev 2": "EEXIST" });
  const changes: Change[] = [
    { verb: "route add", to: parseCidr("10.0.0.0/8"), dev: "nowhere" },
    { verb: "link set", dev: 2, up: true },
    { verb: "addr add", dev: 2, address: parseIp("10.0.0.1"), prefix: 24 },
  ];
  const error = await t.throwsAsync(apply(spaces, host, changes), { instanceOf: NetError });
  t.like(error, { code: "notFound", message: "no network interface nowhere" });
  t.is(log.at(-1), "ip link set dev 2 up; ip addr add 10.0.0.1/24 dev 2");
  t.like(await t.throwsAsync(apply(spaces, host, changes.slice(1))), { code: "forbidden", message: "ip link set dev 2 up: EPERM" });
  t.like(await t.throwsAsync(apply(spaces, host, changes.slice(2))), { code: "conflict" });
});

test("what is taken from a link that is gone is gone", async (t) => {
  const { spaces } = fakeKernel({}, { "ip link del dev v1": "ENODEV", "ip addr del 10.0.0.1/24 dev 9": "ENODEV" });
  await t.notThrowsAsync(
    apply(spaces, host, [
      { verb: "link del", dev: "v1" },
      { verb: "addr del", dev: "nowhere", address: parseIp("10.0.0.1"), prefix: 24 },
      { verb: "addr del", dev: 9, address: parseIp("10.0.0.1"), prefix: 24 },
    ]),
  );
});

test("a veth is made and shown in one message, with its sandbox open", async (t) => {
  const { log, opened, spaces } = fakeKernel({ br0: 4 });
  const link = await addLink(spaces, host, { kind: "veth", name: "v1", master: "br0", peer: { name: "eth0", netns: sandbox } });
  t.deepEqual(log, ["ip link show dev br0", "ip link add v1 type veth peer name eth0 netns /run/sandbox; ip link show dev v1"]);
  t.deepEqual(opened, [host.path, sandbox.path]);
  t.is(link.name, "v1");
});

test("a macvlan is looked for where it is born", async (t) => {
  const { log, opened, spaces } = fakeKernel({ wire0: 2 });
  await addLink(spaces, host, { kind: "macvlan", name: "eth0", parent: "wire0", mode: "bridge", netns: sandbox });
  t.is(log.at(-1), "ip link show dev eth0");
  t.is(opened.at(-1), sandbox.path);
});

test("a kind of link that the kernel lacks comes with a hint", async (t) => {
  const what = "ip link add br0 type bridge";
  const { spaces } = fakeKernel({}, { [what]: "ENOTSUP" });
  const error = await t.throwsAsync(addLink(spaces, host, { kind: "bridge", name: "br0" }), { instanceOf: NetError });
  t.like(error, { code: "unsupported", hint: "this kernel has no bridge links: load the module bridge" });
});
