import type { Cidr, Ip, Mac } from "./address.ts";
import type { NftBatch } from "./nft.ts";

/** A network namespace: the daemon's own (`host`), or one pinned at a path. Every call says where. */
export interface Netns {
  readonly path: string;
}

/** One kind of link and what ip-link(8) calls its options. */
export type LinkSpec = { name: string; index?: number; mtu?: number; mac?: Mac; up?: boolean; master?: string | number } & (
  | { kind: "bridge" }
  /** The peer is born inside its namespace with its final name; it cannot be up yet ([veth.c] veth_open: ENOTCONN). */
  | { kind: "veth"; peer: { name: string; index?: number; netns: Netns; mac?: Mac; mtu?: number } }
  | { kind: "macvlan"; parent: string; mode: "bridge" | "private" | "vepa" | "passthru"; netns: Netns }
);

/** A veth, what it is as a port of its bridge, and what is done where its other end is born. */
export interface PlugRequest {
  link: Extract<LinkSpec, { kind: "veth" }>;
  port: { hairpin?: boolean; isolated?: boolean };
  /** Changes inside the peer's namespace, of the link with this index there. */
  inside(index: number): Change[];
}

/** A change of one namespace; `dev` is a name or, cheaper, an interface index. */
export type Change =
  | { verb: "link add"; link: LinkSpec }
  | {
      verb: "link set";
      dev: string | number;
      up?: boolean;
      master?: string | null;
      mtu?: number;
      mac?: Mac;
      name?: string;
      hairpin?: boolean;
      /** A bridge port that reaches only ports that are not isolated. */
      isolated?: boolean;
    }
  | { verb: "link del"; dev: string | number }
  | { verb: "addr add"; dev: string | number; address: Ip; prefix: number }
  | { verb: "addr del"; dev: string | number; address: Ip; prefix: number }
  | { verb: "route add"; to: Cidr; dev: string | number; via?: Ip }
  | { verb: "route del"; to: Cidr; dev?: string | number; via?: Ip };

export interface Link {
  index: number;
  name: string;
  /** bridge, veth, ...; empty for physical ones. */
  kind: string;
  mac: Mac;
  mtu: number;
  up: boolean;
  /** [RFC 2863] as IFLA_OPERSTATE tells it. */
  operstate: "unknown" | "notpresent" | "down" | "lowerlayerdown" | "testing" | "dormant" | "up";
  masterIndex: number | undefined;
  /** A veth's other end, as an index in the other end's namespace. */
  peerIndex: number | undefined;
}

/** A socket that holds a host port, so that nobody else can take it. It never receives: a filter drops everything. */
export interface HeldPort {
  close(): void;
}

/** Bound inside a sandbox; the fds belong to whoever holds this. Once the resolver serves on them they are its own, and it closes them. */
export interface DnsSockets {
  udpFd: number;
  tcpFd: number;
  close(): void;
}

/** What this kernel can do, found by trying. */
export interface Features {
  kernelVersion: string;
  netAdmin: boolean;
  veth: boolean;
  bridge: boolean;
  nftables: boolean;
  macvlan: boolean;
  ipvlan: boolean;
  vxlan: boolean;
  overlayfs: boolean;
  ipv6: boolean;
}

/** The machine's network, and nothing else. `linux.ts` is the real one, `fake.ts` keeps a toy in memory and a log like a shell session. */
export interface Kernel {
  readonly host: Netns;
  features(): Promise<Features>;

  /** `ip netns add` at a path of ours, lo up, IPv6 off by default in it. @throws conflict when something is pinned there already. */
  createNetns(path: string): Promise<Netns>;
  /** Pins the namespace of a running process at a path, for a daemon that came back in another mount namespace. */
  adoptNetns(path: string, pid: number): Promise<Netns>;
  /** Unpins; links inside go when the last process leaves. Absence is success. */
  removeNetns(path: string): Promise<void>;
  /** Is a namespace pinned at this path, as seen from here? */
  isNetns(path: string): Promise<boolean>;

  /** Sends the changes as one batch, in order. @throws NetError naming the first that failed, after all were tried. */
  apply(where: Netns, changes: Change[]): Promise<void>;
  /** `link add` that tells what was made, in the same exchange. @throws conflict when the name is taken */
  addLink(where: Netns, link: LinkSpec): Promise<Link>;
  /**
   * Makes a link and everything that makes it ready, in one exchange where the kernel lets us: born in its place, its port flags, the changes
   * inside. @returns `up` when it was seen to be operationally up already; else wait for it.
   */
  plugLink(where: Netns, request: PlugRequest): Promise<{ index: number; peerIndex: number; up: boolean }>;
  link(where: Netns, name: string): Promise<Link | undefined>;
  links(where: Netns): Promise<Link[]>;
  /** Addresses of one link. */
  addresses(where: Netns, name: string): Promise<Ip[]>;
  /** The destinations of all routes, without default routes. */
  routes(where: Netns): Promise<Cidr[]>;
  /** The gateway addresses of the default routes, both families. */
  defaultRoutes(where: Netns): Promise<Ip[]>;
  /** Resolves when the link is operationally up. @throws unavailable at the deadline. */
  waitUp(where: Netns, name: string, timeoutMs: number): Promise<void>;
  /** Takes a link out of service at once and deletes it in the background, together with others. Absence is success. */
  discardLink(where: Netns, name: string): Promise<void>;

  /** `sysctl -w`, by path below /proc/sys with slashes: `net/ipv4/ip_forward`. */
  setSysctl(where: Netns, key: string, value: string): Promise<void>;
  sysctl(where: Netns, key: string): Promise<string | undefined>;
  /** One nfnetlink transaction. */
  nft(where: Netns, batch: NftBatch): Promise<void>;

  /** Binds (and for TCP listens). @throws conflict naming the process that has it. */
  holdPort(protocol: "tcp" | "udp" | "sctp", ip: Ip, port: number): Promise<HeldPort>;
  /** UDP and TCP on 127.0.0.11 inside the sandbox; port 53 leads there without touching the container's own port 53. */
  dnsSockets(where: Netns): Promise<DnsSockets>;
  /** Forgets UDP flows to or from these addresses and host ports, so that no stale translation is used. */
  flushUdpFlows(ports: { hostPort: number }[]): Promise<void>;

  /** Resolves when all background deletions are done. */
  settle(): Promise<void>;
  close(): Promise<void>;
}
