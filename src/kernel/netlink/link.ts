import type { Mac } from "../../model/address.ts";
import { macBytes } from "../../model/address.ts";
import type { Change, Link } from "../../model/kernel.ts";
import { type NetlinkMessage, type NetlinkWriter, read32, readAttributes } from "./attribute.ts";
import { NLM_F_DUMP, type Request } from "./message.ts";
import { IFLA, IFLA_INFO, ifinfomsg, RTM_NEWLINK } from "./new-link.ts";

/** [rtnetlink.h] */
export const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
/** [linux/if_link.h] */
const IFLA_BRPORT = { mode: 4, isolated: 33 } as const;
const RTEXT_FILTER_SKIP_STATS = 1 << 3;
/** struct ifinfomsg */
const HEADER_BYTES = 16;
const IFF_UP = 1;
/** Administratively up, operationally up (or the driver does not tell), with a carrier: IFF_UP, IFF_RUNNING, IFF_LOWER_UP. [if.h] */
export const IFF_USABLE = 0x1 | 0x40 | 0x10000;
/** [if.h] in the order of IF_OPER_*. */
const OPERSTATES = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"] as const;

type SetLink = Extract<Change, { verb: "link set" }>;

/** By index, or by name, which the kernel looks up itself. */
function writeDev(w: NetlinkWriter, dev: string | number, up?: boolean): void {
  w.header(ifinfomsg(typeof dev === "number" ? dev : 0, up));
  if (typeof dev === "string") w.text(IFLA.ifname, dev);
}

/** `ip link show dev DEV`; ENODEV when there is none. */
export function getLink(dev: string | number): Request {
  return {
    type: RTM_GETLINK,
    flags: 0,
    what: `ip link show dev ${dev}`,
    body(w) {
      writeDev(w, dev);
      w.u32(IFLA.extMask, RTEXT_FILTER_SKIP_STATS);
    },
  };
}

/** `ip link show` */
export function getLinks(): Request {
  return {
    type: RTM_GETLINK,
    flags: NLM_F_DUMP,
    what: "ip link show",
    body(w) {
      w.header(ifinfomsg(0));
      w.u32(IFLA.extMask, RTEXT_FILTER_SKIP_STATS);
    },
  };
}

/**
 * `ip link set dev DEV [up|down] [master BR|nomaster] [mtu M] [address MAC] [name NAME]`
 * @param dev an index where the link is renamed: the message has one place for a name
 * @param master index of the bridge; null takes the link out of its
 */
export function setLink(dev: string | number, set: Pick<SetLink, "up" | "mtu" | "mac" | "name">, master?: number | null): Request {
  return {
    type: RTM_SETLINK,
    flags: 0,
    what: `ip link set dev ${dev}${describe(set, master)}`,
    body(w) {
      writeDev(w, dev, set.up);
      if (set.name !== undefined) w.text(IFLA.ifname, set.name);
      if (set.mac !== undefined) w.bytes(IFLA.address, macBytes(set.mac));
      if (set.mtu !== undefined) w.u32(IFLA.mtu, set.mtu);
      if (master !== undefined) w.u32(IFLA.master, master ?? 0);
    },
  };
}

function describe(set: Pick<SetLink, "up" | "mtu" | "mac" | "name">, master: number | null | undefined): string {
  const words = [
    set.up === undefined ? "" : set.up ? "up" : "down",
    master === undefined ? "" : master === null ? "nomaster" : `master ${master}`,
    set.mtu === undefined ? "" : `mtu ${set.mtu}`,
    set.mac === undefined ? "" : `address ${set.mac}`,
    set.name === undefined ? "" : `name ${set.name}`,
  ];
  return words.map((word) => word && ` ${word}`).join("");
}

/** What a link is as a port of its bridge. */
export type PortFlags = Pick<SetLink, "hairpin" | "isolated">;

/** `ip link set dev DEV type bridge_slave [hairpin on|off] [isolated on|off]`: a message of its own, because the link must have its master already. */
export function setPort(dev: string | number, flags: PortFlags): Request {
  const words = Object.entries(flags).map(([name, on]) => `${name} ${on ? "on" : "off"}`);
  return {
    type: RTM_NEWLINK,
    flags: 0,
    what: `ip link set dev ${dev} type bridge_slave ${words.join(" ")}`,
    body(w) {
      writeDev(w, dev);
      w.nest(IFLA.linkinfo, () => {
        w.text(IFLA_INFO.slaveKind, "bridge");
        w.nest(IFLA_INFO.slaveData, () => {
          if (flags.hairpin !== undefined) w.u8(IFLA_BRPORT.mode, flags.hairpin ? 1 : 0);
          if (flags.isolated !== undefined) w.u8(IFLA_BRPORT.isolated, flags.isolated ? 1 : 0);
        });
      });
    },
  };
}

/** `ip link set dev DEV down nomaster group GROUP`: out of service at once, and ready to be deleted with the others of its group. */
export function retireLink(dev: string | number, group: number): Request {
  return {
    type: RTM_SETLINK,
    flags: 0,
    what: `ip link set dev ${dev} down nomaster group ${group}`,
    body(w) {
      writeDev(w, dev, false);
      w.u32(IFLA.master, 0);
      w.u32(IFLA.group, group);
    },
  };
}

/** `ip link del dev DEV`; ENODEV when there is none. */
export function delLink(dev: string | number): Request {
  return { type: RTM_DELLINK, flags: 0, what: `ip link del dev ${dev}`, body: (w) => writeDev(w, dev) };
}

/** `ip link del group GROUP`: all of them under one wait for RCU; ENODEV when there is none. */
export function delGroup(group: number): Request {
  return {
    type: RTM_DELLINK,
    flags: 0,
    what: `ip link del group ${group}`,
    body(w) {
      w.header(ifinfomsg(0));
      w.u32(IFLA.group, group);
    },
  };
}

/** The link that an RTM_NEWLINK or RTM_DELLINK tells of. */
export function parseLink({ body }: Pick<NetlinkMessage, "body">): Link {
  const attributes = readAttributes(body.subarray(HEADER_BYTES));
  const number = (type: number) => {
    const value = attributes.get(type);
    return value === undefined || value.length < 4 ? undefined : read32(value);
  };
  const info = readAttributes(attributes.get(IFLA.linkinfo) ?? Buffer.alloc(0));
  const kind = text(info.get(IFLA_INFO.kind));
  return {
    index: read32(body, 4),
    name: text(attributes.get(IFLA.ifname)),
    kind,
    mac: macOf(attributes.get(IFLA.address)),
    mtu: number(IFLA.mtu) ?? 0,
    up: (read32(body, 8) & IFF_UP) !== 0,
    operstate: OPERSTATES[attributes.get(IFLA.operstate)?.[0] ?? 0] ?? "unknown",
    masterIndex: number(IFLA.master),
    peerIndex: kind === "veth" ? number(IFLA.link) : undefined,
  };
}

/** Can packets be sent on it? A driver that tells no operstate leaves it unknown [operstates.rst]: then the carrier says it. */
export function isUsable({ body }: Pick<NetlinkMessage, "body">): boolean {
  return (read32(body, 8) & IFF_USABLE) === IFF_USABLE;
}

function text(value: Buffer | undefined): string {
  return value === undefined ? "" : value.toString("utf8").replace(/\0.*$/s, "");
}

/** A link without a hardware address shows as ip(8) shows lo. */
function macOf(value: Buffer | undefined): Mac {
  const bytes = value === undefined || value.length === 0 ? Buffer.alloc(6) : value;
  return (bytes.toString("hex").match(/../g) ?? []).join(":") as Mac;
}
