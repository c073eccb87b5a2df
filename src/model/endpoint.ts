import type { Cidr, Ip, Mac } from "./address.ts";
import type { Id } from "./id.ts";

export type Protocol = "tcp" | "udp" | "sctp";

/** What a person asks of one leg: `network connect --ip --alias ...`; every field is parsed. */
export interface EndpointWish {
  ipv4?: Ip;
  ipv6?: Ip;
  linkLocal: Ip[];
  mac?: Mac;
  aliases: string[];
  /** `other:alias` pairs: names that only this member sees. */
  links: { target: string; alias: string }[];
  driverOptions: Record<string, string>;
  /** The default route goes through the endpoint with the highest. */
  gatewayPriority: number;
}

/** `-p [hostIp:]hostPort[-hostPortEnd]:port/protocol`. A host port of 0 means: choose one. */
export interface PortWish {
  protocol: Protocol;
  port: number;
  hostIp?: Ip;
  hostPort: number;
  hostPortEnd: number;
}

/** A published port as it stands: traffic to hostIp:hostPort is sent to the endpoint's port. */
export interface PortBinding {
  protocol: Protocol;
  port: number;
  hostIp: Ip;
  hostPort: number;
}

/**
 * A member's leg on a network, kept in the exec-root store. It is written as `attaching` before the first deed, so that whatever a crash
 * leaves is known by id. With its addresses it is `plugging`: its link is made while its rules and names already follow. It goes to
 * `detaching` before it is undone. Everything that is not `attached` is swept at start.
 */
export interface Endpoint {
  id: Id;
  networkId: Id;
  memberId: Id;
  state: "attaching" | "plugging" | "attached" | "detaching";
  wish: EndpointWish;
  ipv4?: Ip;
  ipv6?: Ip;
  /** Absent, with ifname, where there is no link: host and none. */
  mac?: Mac;
  /** The name inside the sandbox: eth0. */
  ifname?: string;
  /** Of the link inside the sandbox, as long as it is there. */
  ifindex?: number;
  /** The host's end, unique on this host and told in inspect; absent where the driver makes none. */
  hostIfname?: string;
  hostIfindex?: number;
  /** First is the name that PTR answers, then aliases, short id, hostname. */
  names: string[];
  /** Its member publishes ports: it must reach itself by the host's address too. */
  publishes: boolean;
  gateway4?: Ip;
  gateway6?: Ip;
  ports: PortBinding[];
}

/** A route that an endpoint wants inside its sandbox. */
export interface Route {
  /** `0.0.0.0/0` is the default route. */
  to: Cidr;
  via?: Ip;
}
