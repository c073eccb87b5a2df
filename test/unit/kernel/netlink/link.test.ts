import test from "ava";
import { addBridge } from "../../../../src/kernel/netlink/bridge.ts";
import { delGroup, delLink, getLink, parseLink, retireLink, setLink, setPort } from "../../../../src/kernel/netlink/link.ts";
import { addMacvlan } from "../../../../src/kernel/netlink/macvlan.ts";
import { addVeth } from "../../../../src/kernel/netlink/veth.ts";
import { parseMac } from "../../../../src/model/address.ts";
import { golden, wordsOf } from "./hex.ts";

const netns = { path: "/run/ns" };

test("a bridge", (t) => {
  const request = addBridge({ kind: "bridge", name: "br0", mac: parseMac("02:42:ac:11:00:01"), mtu: 1400, up: true });
  t.is(request.what, "ip link add br0 type bridge");
  t.is(
    wordsOf(request),
    golden(`
      4c000000 10000506 01000000 00000000  # 76 bytes, RTM_NEWLINK, request ack excl create, sequence 1
      00000000 00000000 01000000 01000000  # ifinfomsg: flags up, of which up is meant
      08000300 62723000                    # IFLA_IFNAME br0
      0a000100 0242ac11 00010000           # IFLA_ADDRESS
      08000400 78050000                    # IFLA_MTU 1400
      10001280 0b000100 62726964 67650000  # IFLA_LINKINFO { IFLA_INFO_KIND bridge }
    `),
  );
});

test("a veth whose peer is born in another namespace", (t) => {
  const peer = { name: "eth0", netns, mac: parseMac("02:42:ac:11:00:02"), mtu: 1400 };
  const request = addVeth({ kind: "veth", name: "veth1", up: true, peer }, 9, 7);
  t.is(request.what, "ip link add veth1 type veth peer name eth0 netns /run/ns");
  t.is(
    wordsOf(request),
    golden(`
      84000000 10000506 01000000 00000000
      00000000 00000000 01000000 01000000
      0a000300 76657468 31000000           # IFLA_IFNAME veth1
      08000a00 07000000                    # IFLA_MASTER 7
      50001280                             # IFLA_LINKINFO
        09000100 76657468 00000000         #   IFLA_INFO_KIND veth
        40000280                           #   IFLA_INFO_DATA
          3c000180                         #     VETH_INFO_PEER
            00000000 00000000 00000000 00000000
            09000300 65746830 00000000     #       IFLA_IFNAME eth0
            0a000100 0242ac11 00020000     #       IFLA_ADDRESS
            08000400 78050000              #       IFLA_MTU 1400
            08001c00 09000000              #       IFLA_NET_NS_FD 9
    `),
  );
});

test("a macvlan in another namespace", (t) => {
  const request = addMacvlan({ kind: "macvlan", name: "eth0", parent: "wire0", mode: "bridge", netns }, 3, 9);
  t.is(request.what, "ip link add eth0 link wire0 netns /run/ns type macvlan mode bridge");
  t.is(
    wordsOf(request),
    golden(`
      58000000 10000506 01000000 00000000
      00000000 00000000 00000000 00000000
      09000300 65746830 00000000           # IFLA_IFNAME eth0
      08000500 03000000                    # IFLA_LINK 3
      08001c00 09000000                    # IFLA_NET_NS_FD 9
      1c001280                             # IFLA_LINKINFO
        0c000100 6d616376 6c616e00         #   IFLA_INFO_KIND macvlan
        0c000280 08000100 04000000         #   IFLA_INFO_DATA { IFLA_MACVLAN_MODE bridge }
    `),
  );
});

test("changes of a link, by name and by index", (t) => {
  const byName = setLink("eth0", { up: false }, null);
  t.is(byName.what, "ip link set dev eth0 down nomaster");
  t.is(
    wordsOf(byName),
    golden(`
      34000000 13000500 01000000 00000000  # RTM_SETLINK, request ack
      00000000 00000000 00000000 01000000  # down
      09000300 65746830 00000000           # IFLA_IFNAME: which link
      08000a00 00000000                    # IFLA_MASTER none
    `),
  );
  const renamed = setLink(5, { name: "lan0", up: true, mtu: 9000 });
  t.is(renamed.what, "ip link set dev 5 up mtu 9000 name lan0");
  t.is(
    wordsOf(renamed),
    golden(`
      34000000 13000500 01000000 00000000
      00000000 05000000 01000000 01000000
      09000300 6c616e30 00000000           # IFLA_IFNAME: its new name
      08000400 28230000
    `),
  );
});

test("hairpin is an option of the port, not of the link", (t) => {
  t.is(
    wordsOf(setPort(5, { hairpin: true })),
    golden(`
      3c000000 10000500 01000000 00000000  # RTM_NEWLINK without create
      00000000 05000000 00000000 00000000
      1c001280                             # IFLA_LINKINFO
        0b000400 62726964 67650000         #   IFLA_INFO_SLAVE_KIND bridge
        0c000580 05000400 01000000         #   IFLA_INFO_SLAVE_DATA { IFLA_BRPORT_MODE 1 }
    `),
  );
});

test("links go out of service in one message, and away by their group", (t) => {
  t.is(
    wordsOf(retireLink("v1", 0x6e6c6f6d)),
    golden(`
      38000000 13000500 01000000 00000000
      00000000 00000000 00000000 01000000  # down
      07000300 76310000
      08000a00 00000000                    # IFLA_MASTER none
      08001b00 6d6f6c6e                    # IFLA_GROUP
    `),
  );
  t.is(
    wordsOf(delGroup(0x6e6c6f6d)),
    golden("28000000 11000500 01000000 00000000  00000000 00000000 00000000 00000000  08001b00 6d6f6c6e"),
  );
  t.is(wordsOf(delLink(5)), golden("20000000 11000500 01000000 00000000  00000000 05000000 00000000 00000000"));
});

test("a link is asked for without its statistics", (t) => {
  t.is(
    wordsOf(getLink("lo")),
    golden("30000000 12000500 01000000 00000000  00000000 00000000 00000000 00000000  07000300 6c6f0000  08001d00 08000000"),
  );
});

test("what the kernel tells of a veth", (t) => {
  const body = Buffer.from(
    golden(`
      00000100 03000000 43100100 00000000  # index 3, flags with up
      07000300 76310000                    # IFLA_IFNAME v1
      08000400 dc050000                    # IFLA_MTU 1500
      08000500 02000000                    # IFLA_LINK 2: the peer
      08000a00 04000000                    # IFLA_MASTER 4
      05001000 06000000                    # IFLA_OPERSTATE up
      0a000100 be3c5c17 c09b0000           # IFLA_ADDRESS
      10001200 08000100 76657468 00000000  # IFLA_LINKINFO { veth }
    `).replaceAll(" ", ""),
    "hex",
  );
  t.deepEqual(parseLink({ body }), {
    index: 3,
    name: "v1",
    kind: "veth",
    mac: parseMac("be:3c:5c:17:c0:9b"),
    mtu: 1500,
    up: true,
    operstate: "up",
    masterIndex: 4,
    peerIndex: 2,
  });
});

test("a link that tells little", (t) => {
  const link = parseLink({ body: Buffer.alloc(16) });
  t.deepEqual(link, {
    index: 0,
    name: "",
    kind: "",
    mac: "00:00:00:00:00:00" as typeof link.mac,
    mtu: 0,
    up: false,
    operstate: "unknown",
    masterIndex: undefined,
    peerIndex: undefined,
  });
});
