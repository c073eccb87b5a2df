import test from "ava";
import { encodeBatch } from "../../../src/kernel/netfilter/batch.ts";
import { readAttributes, readMessages } from "../../../src/kernel/netlink/attribute.ts";
import type { NftBatch, NftSet } from "../../../src/model/nft.ts";

const table = { family: "inet", name: "t" } as const;
const ports: NftSet = { table, name: "ports", key: ["inet_proto", "inet_service"], data: ["ipv4_addr", "inet_service"] };

/** NEWSETELEM of nf_tables. */
const NEW_ELEMENT = (10 << 8) | 12;

test("a batch is one begin, a message a command, one end", (t) => {
  const { bytes, expectedReplies, commandOf } = encodeBatch([
    { verb: "table add", table },
    { verb: "set add", set: ports },
    { verb: "element add", set: ports, elements: [{ key: ["tcp", 80], data: ["192.0.2.1", 8080] }] },
  ]);
  const messages = [...readMessages(bytes)];
  t.deepEqual(
    messages.map(({ type, sequence }) => [type, sequence]),
    [
      [16, 0],
      [10 << 8, 1],
      [(10 << 8) | 9, 2],
      [NEW_ELEMENT, 3],
      [17, 0],
    ],
  );
  t.is(expectedReplies, 3);
  t.deepEqual(
    commandOf.map(({ verb }) => verb),
    ["table add", "set add", "element add"],
  );
});

test("an element is its fields, each padded to a register", (t) => {
  const { bytes } = encodeBatch([{ verb: "element add", set: ports, elements: [{ key: ["udp", 53], data: ["192.0.2.1", 5353] }] }]);
  const [, message] = [...readMessages(bytes)];
  const list = readAttributes(message?.body.subarray(4) ?? Buffer.alloc(0));
  const element = readAttributes(readAttributes(list.get(3) ?? Buffer.alloc(0)).get(1) ?? Buffer.alloc(0));
  const value = (attribute: number) => readAttributes(element.get(attribute) ?? Buffer.alloc(0)).get(1);
  t.deepEqual(value(1), Buffer.from([17, 0, 0, 0, 0, 53, 0, 0]));
  t.deepEqual(value(2), Buffer.from([192, 0, 2, 1, 0x14, 0xe9, 0, 0]));
});

test("more elements than one attribute holds are several messages of one command", (t) => {
  const elements = Array.from({ length: 5000 }, (_, i) => ({ key: ["tcp", i], data: ["192.0.2.1", i] }));
  const { bytes, expectedReplies, commandOf } = encodeBatch([{ verb: "element add", set: ports, elements }]);
  const messages = [...readMessages(bytes)].filter(({ type }) => type === NEW_ELEMENT);
  t.true(messages.length > 1);
  t.is(expectedReplies, messages.length);
  t.is(new Set(commandOf).size, 1);
  t.is(
    messages.map(({ body }) => elementsIn(body)).reduce((a, b) => a + b, 0),
    5000,
  );
});

test("no elements are no message", (t) => {
  t.is(encodeBatch([{ verb: "element add", set: ports, elements: [] }]).expectedReplies, 0);
});

for (const [key, complaint] of [
  [["tcp", 70_000], "70000 is not of the nftables type inet_service"],
  [["quic", 80], "quic is not of the nftables type inet_proto"],
  [["tcp"], "tcp has 1 fields, but inet_proto . inet_service has 2"],
] as const) {
  test(`refused: ${complaint}`, (t) => {
    const batch: NftBatch = [{ verb: "element delete", set: ports, elements: [{ key }] }];
    t.throws(() => encodeBatch(batch), { message: complaint, code: "invalid" });
  });
}

test("refused: an interface name that the kernel would cut", (t) => {
  const bridges: NftSet = { table, name: "bridges", key: ["ifname"] };
  t.throws(() => encodeBatch([{ verb: "element add", set: bridges, elements: [{ key: ["br-0123456789abc"] }] }]), {
    message: "br-0123456789abc is not of the nftables type ifname",
  });
});

/** Counts the attributes of NFTA_SET_ELEM_LIST_ELEMENTS. */
function elementsIn(body: Buffer): number {
  const list = readAttributes(body.subarray(4)).get(3) ?? Buffer.alloc(0);
  let count = 0;
  for (let at = 0; at < list.length; at += (list.readUInt16LE(at) + 3) & ~3) count++;
  return count;
}
