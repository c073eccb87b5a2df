import type { Family } from "../../model/address.ts";
import { familyNumber } from "./address.ts";
import { hostOrder32, type NetlinkMessage, read32 } from "./attribute.ts";
import { NLM_F_DUMP, type Request } from "./message.ts";

/** The netlink protocol that tells of sockets. [netlink.h] */
export const NETLINK_SOCK_DIAG = 4;
/** [sock_diag.h] */
const SOCK_DIAG_BY_FAMILY = 20;
/** [tcp_states.h] */
const TCP_LISTEN = 10;
const ALL_STATES = 0xffffffff;
/** struct inet_diag_sockid: ports, addresses, interface, cookie. */
const SOCKID_BYTES = 48;
/** Where struct inet_diag_msg has its inode: after 4 bytes, the sockid and four counters. */
const INODE_OFFSET = 4 + SOCKID_BYTES + 16;

/**
 * `ss --all 'sport = PORT'` for one protocol and family. struct inet_diag_req_v2: family, protocol, extensions and padding (1 byte each),
 * wanted states (4, host order), sockid, which begins with the local port in network order. [inet_diag.h]
 * @param protocol IPPROTO_TCP 6 or IPPROTO_UDP 17
 */
export function getSockets(family: Family, protocol: number, port: number): Request {
  return {
    type: SOCK_DIAG_BY_FAMILY,
    flags: NLM_F_DUMP,
    what: `ss --all 'sport = ${port}'`,
    body(w) {
      const id = new Uint8Array(SOCKID_BYTES);
      id[0] = port >> 8;
      id[1] = port & 0xff;
      w.header(Buffer.concat([Uint8Array.of(familyNumber(family), protocol, 0, 0), hostOrder32(ALL_STATES), id]));
    },
  };
}

export interface SocketEntry {
  /** Names the socket in /proc/PID/fd: `socket:[INODE]`. 0 when no process has it. */
  inode: number;
  listening: boolean;
}

/** The socket that a struct inet_diag_msg tells of. */
export function parseSocket({ body }: Pick<NetlinkMessage, "body">): SocketEntry {
  return { inode: read32(body, INODE_OFFSET), listening: body.readUInt8(1) === TCP_LISTEN };
}
