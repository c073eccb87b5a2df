import test from "ava";
import { encodeBatch } from "../../../src/kernel/netfilter/batch.ts";
import { batchError } from "../../../src/kernel/netfilter/errors.ts";
import { netlinkWriter } from "../../../src/kernel/netlink/attribute.ts";

const table = { family: "inet", name: "t" } as const;
const sent = encodeBatch([
  { verb: "table add", table },
  { verb: "element delete", set: { table, name: "bridges", key: ["ifname"] }, elements: [{ key: ["br-1"] }] },
]);

/** What the kernel sends with NETLINK_CAP_ACK and NETLINK_EXT_ACK: errno, the header of the refused message, its own words. */
function acknowledgement(sequence: number, errno: number, text?: string): Buffer {
  const w = netlinkWriter();
  w.message(2, text === undefined ? 0x100 : 0x300, sequence, () => {
    const body = Buffer.alloc(20);
    body.writeInt32LE(-errno);
    w.header(body);
    if (text !== undefined) w.text(1, text);
  });
  return w.finish();
}

test("all acknowledged: no error", (t) => {
  t.is(batchError(sent, Buffer.concat([acknowledgement(1, 0), acknowledgement(2, 0)])), undefined);
});

test("the refused command is named, as nft(8) would be told", (t) => {
  const error = batchError(sent, Buffer.concat([acknowledgement(1, 0), acknowledgement(2, 2)]));
  t.is(error?.code, "notFound");
  t.is(error?.message, 'nft delete element inet t bridges { "br-1" }: no such file or directory (ENOENT)');
});

test("the kernel's own words are kept", (t) => {
  t.regex(batchError(sent, acknowledgement(1, 17, "Table exists"))?.message ?? "", /^nft add table inet t: .*\(EEXIST\): Table exists$/);
});

test("a commit that fails is of no command", (t) => {
  t.regex(batchError(sent, acknowledgement(0, 40))?.message ?? "", /^nft: commit: .*\(ELOOP\)$/);
});
