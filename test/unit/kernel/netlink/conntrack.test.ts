import test from "ava";
import { delFlow, getFlows, parseFlow } from "../../../../src/kernel/netlink/conntrack.ts";
import { getSockets, parseSocket } from "../../../../src/kernel/netlink/sock-diag.ts";
import { golden, wordsOf } from "./hex.ts";

/** 192.0.2.2:40000 -> 192.0.2.1:53, translated to 172.17.0.2:5353. */
const FLOW = `
  02000000                                                                    # nfgenmsg: AF_INET
  34000180                                                                    # CTA_TUPLE_ORIG
    14000180 08000100 c0000202 08000200 c0000201                              #   CTA_TUPLE_IP
    1c000280 05000100 11000000 06000200 9c400000 06000300 00350000            #   CTA_TUPLE_PROTO: udp 40000 -> 53
  34000280                                                                    # CTA_TUPLE_REPLY
    14000180 08000100 ac110002 08000200 c0000202
    1c000280 05000100 11000000 06000200 14e90000 06000300 9c400000            #   udp 5353 -> 40000
  08000c00 1a2b3c4d                                                           # CTA_ID
`;

test("a flow is read, and named to the kernel again to be forgotten", (t) => {
  const flow = parseFlow({ body: Buffer.from(golden(FLOW).replaceAll(" ", ""), "hex") });
  t.deepEqual(flow.original, { protocol: 17, sourcePort: 40000, destinationPort: 53 });
  t.deepEqual(flow.reply, { protocol: 17, sourcePort: 5353, destinationPort: 40000 });
  t.is(
    wordsOf(delFlow(flow)),
    golden(`
      50000000 02010500 01000000 00000000  # IPCTNL_MSG_CT_DELETE of ctnetlink
      02000000
      34000180
        14000180 08000100 c0000202 08000200 c0000201
        1c000280 05000100 11000000 06000200 9c400000 06000300 00350000
      08000c00 1a2b3c4d
    `),
  );
});

test("a flow without ports", (t) => {
  t.deepEqual(parseFlow({ body: Buffer.from([2, 0, 0, 0]) }).original, { protocol: 0, sourcePort: 0, destinationPort: 0 });
});

test("flows of both families", (t) => {
  t.is(wordsOf(getFlows()), golden("14000000 01010103 01000000 00000000 00000000"));
});

test("sockets by their local port", (t) => {
  const zeros = Array(11).fill("00000000").join(" ");
  t.is(wordsOf(getSockets(4, 6, 8080)), golden(`48000000 14000103 01000000 00000000  02060000 ffffffff  1f900000 ${zeros}`));
  const body = Buffer.alloc(72);
  body[1] = 10;
  body.writeUInt32LE(4711, 68);
  t.deepEqual(parseSocket({ body }), { inode: 4711, listening: true });
});
