import { type Cidr, contains, familyOf, type Ip, type Mac, networkOf, parseInterface } from "../model/address.ts";
import { NetError } from "../model/errors.ts";
import type { Change, Features, Kernel, Link, LinkSpec, Netns } from "../model/kernel.ts";

interface FakeLink extends Link {
  addresses: string[];
  /** Where its other end is. */
  peer?: { path: string; name: string };
}

interface FakeNamespace {
  links: Map<string, FakeLink>;
  /** `172.17.0.0/16 dev eth0`, `default via 172.17.0.1`. */
  routes: Set<string>;
  sysctls: Map<string, string>;
}

/** A toy machine in memory, strict where the real one is (names taken, masters that are not there), with a log like a shell session. */
export interface FakeKernel extends Kernel {
  readonly log: string[];
  /** Everything there is, as text to compare: equal texts are equal machines. */
  picture(): string;
  /** The daemon's process is gone, and with it the ports that it held. */
  die(): void;
  /** Pins of the mount namespace before are not seen by a daemon that came back in another one; processes keep the namespaces alive. */
  forgetPins(): void;
}

const HOST = "/proc/self/ns/net";

export function fakeKernel(): FakeKernel {
  const host: Netns = { path: HOST };
  const spaces = new Map<string, FakeNamespace>([[HOST, emptyNamespace()]]);
  const hidden = new Map<string, FakeNamespace>();
  const ports = new Set<string>();
  const log: string[] = [];
  let lastIndex = 1;

  function space(where: Netns): FakeNamespace {
    const found = spaces.get(where.path);
    if (found === undefined) throw new NetError("notFound", `no network namespace at ${where.path}`);
    return found;
  }

  function find(where: Netns, dev: string | number): FakeLink {
    const found = [...space(where).links.values()].find((link) => link.name === dev || link.index === dev);
    if (found === undefined) throw new NetError("notFound", `link ${dev}: No such device`);
    return found;
  }

  function say(where: Netns, line: string): void {
    log.push(where.path === HOST ? `# ${line}` : `${where.path.split("/").at(-1)}# ${line}`);
  }

  function makeLink(where: Netns, spec: LinkSpec): FakeLink {
    const links = space(where).links;
    if (links.has(spec.name)) throw new NetError("conflict", `link ${spec.name}: File exists`);
    const master = spec.master === undefined ? undefined : find(where, spec.master).index;
    const link = plainLink(++lastIndex, spec.name, spec.kind, spec.mac, spec.mtu, master);
    link.up = spec.up ?? false;
    if (spec.kind === "veth") {
      const inside = space(spec.peer.netns).links;
      if (inside.has(spec.peer.name)) throw new NetError("conflict", `link ${spec.peer.name}: File exists`);
      const peer = plainLink(++lastIndex, spec.peer.name, "veth", spec.peer.mac, spec.peer.mtu, undefined);
      peer.peer = { path: where.path, name: spec.name };
      peer.peerIndex = link.index;
      link.peer = { path: spec.peer.netns.path, name: spec.peer.name };
      link.peerIndex = peer.index;
      inside.set(peer.name, peer);
    }
    links.set(link.name, link);
    return link;
  }

  function unmakeLink(where: Netns, link: FakeLink): void {
    const here = space(where);
    here.links.delete(link.name);
    forgetName(here, link.name);
    for (const port of here.links.values()) if (port.masterIndex === link.index) port.masterIndex = undefined;
    if (link.peer === undefined) return;
    const there = spaces.get(link.peer.path) ?? hidden.get(link.peer.path);
    if (there === undefined) return;
    there.links.delete(link.peer.name);
    forgetName(there, link.peer.name);
  }

  /** Routes and sysctls of a link go with it. */
  function forgetName(namespace: FakeNamespace, name: string): void {
    for (const route of namespace.routes) if (route.endsWith(` dev ${name}`)) namespace.routes.delete(route);
    for (const key of namespace.sysctls.keys()) if (key.split("/").includes(name)) namespace.sysctls.delete(key);
  }

  function change(where: Netns, one: Change): void {
    const here = space(where);
    switch (one.verb) {
      case "link add":
        makeLink(where, one.link);
        return;
      case "link del": {
        const gone = [...here.links.values()].find((link) => link.name === one.dev || link.index === one.dev);
        if (gone !== undefined) unmakeLink(where, gone);
        return;
      }
      case "link set": {
        const link = find(where, one.dev);
        if (one.up !== undefined) link.up = one.up;
        if (one.up === false) for (const route of here.routes) if (route.endsWith(` dev ${link.name}`)) here.routes.delete(route);
        if (one.mtu !== undefined) link.mtu = one.mtu;
        if (one.mac !== undefined) link.mac = one.mac;
        if (one.master !== undefined) link.masterIndex = one.master === null ? undefined : find(where, one.master).index;
        if (one.name !== undefined) rename(where, link, one.name);
        return;
      }
      case "addr add": {
        const link = find(where, one.dev);
        const text = `${one.address}/${one.prefix}`;
        if (link.addresses.includes(text)) throw new NetError("conflict", `address ${text} on ${link.name}: File exists`);
        link.addresses.push(text);
        here.routes.add(`${parseInterface(text).block} dev ${link.name}`);
        return;
      }
      case "addr del": {
        const link = find(where, one.dev);
        link.addresses = link.addresses.filter((text) => text !== `${one.address}/${one.prefix}`);
        here.routes.delete(`${parseInterface(`${one.address}/${one.prefix}`).block} dev ${link.name}`);
        return;
      }
      case "route add": {
        const link = find(where, one.dev);
        if (one.via !== undefined && !reaches(link, one.via)) throw new NetError("invalid", `route via ${one.via}: Network is unreachable`);
        const text = routeText(one.to, one.via, link.name);
        if ([...here.routes].some((route) => route.startsWith(`${one.to} `))) throw new NetError("conflict", `route ${text}: File exists`);
        here.routes.add(text);
        return;
      }
      case "route del": {
        const found = [...here.routes].find((route) => route.startsWith(`${one.to} ${one.via === undefined ? "" : `via ${one.via} `}`));
        if (found !== undefined) here.routes.delete(found);
        return;
      }
    }
  }

  function rename(where: Netns, link: FakeLink, name: string): void {
    const { links } = space(where);
    if (link.name === name) return;
    if (links.has(name)) throw new NetError("conflict", `link ${name}: File exists`);
    links.delete(link.name);
    for (const [key, value] of [...space(where).sysctls]) {
      if (!key.split("/").includes(link.name)) continue;
      space(where).sysctls.delete(key);
      space(where).sysctls.set(key.replace(`/${link.name}/`, `/${name}/`), value);
    }
    const other = link.peer === undefined ? undefined : spaces.get(link.peer.path)?.links.get(link.peer.name);
    if (other?.peer !== undefined) other.peer = { ...other.peer, name };
    link.name = name;
    links.set(name, link);
  }

  const fake: FakeKernel = {
    host,
    log,
    async features(): Promise<Features> {
      const can = {
        netAdmin: true,
        veth: true,
        bridge: true,
        nftables: true,
        macvlan: true,
        ipvlan: true,
        vxlan: true,
        overlayfs: true,
        ipv6: true,
      };
      return { kernelVersion: "fake", ...can };
    },
    async createNetns(path) {
      if (spaces.has(path)) throw new NetError("conflict", `${path} is taken`);
      spaces.set(path, emptyNamespace());
      say(host, `ip netns add ${path}`);
      return { path };
    },
    async adoptNetns(path, pid) {
      const namespace = hidden.get(path);
      if (namespace === undefined) throw new NetError("notFound", `process ${pid} has no network namespace`);
      spaces.set(path, namespace);
      hidden.delete(path);
      say(host, `mount --bind /proc/${pid}/ns/net ${path}`);
      return { path };
    },
    async removeNetns(path) {
      const namespace = spaces.get(path) ?? hidden.get(path);
      if (namespace === undefined) return;
      say(host, `ip netns del ${path}`);
      for (const link of [...namespace.links.values()]) {
        const there = link.peer === undefined ? undefined : spaces.get(link.peer.path)?.links.get(link.peer.name);
        if (there !== undefined && link.peer !== undefined) unmakeLink({ path: link.peer.path }, there);
      }
      spaces.delete(path);
      hidden.delete(path);
    },
    isNetns: async (path) => spaces.has(path),
    async apply(where, changes) {
      let first: unknown;
      for (const one of changes) {
        say(where, lineOf(one));
        try {
          change(where, one);
        } catch (error) {
          first ??= error;
        }
      }
      if (first !== undefined) throw first;
    },
    async addLink(where, spec) {
      const master = spec.master === undefined ? {} : { master: find(where, spec.master).name };
      say(where, lineOf({ verb: "link add", link: { ...spec, ...master } }));
      return makeLink(where, spec);
    },
    async plugLink(where, { link, port, inside }) {
      say(where, lineOf({ verb: "link add", link }));
      const made = makeLink(where, link);
      const index = made.peerIndex ?? 0;
      if (Object.keys(port).length > 0) await fake.apply(where, [{ verb: "link set", dev: made.index, ...port }]);
      await fake.apply(link.peer.netns, inside(index));
      return { index: made.index, peerIndex: index, up: false };
    },
    link: async (where, name) => space(where).links.get(name),
    links: async (where) => [...space(where).links.values()],
    addresses: async (where, name) => find(where, name).addresses.map((text) => parseInterface(text).ip),
    routes: async (where) => [...space(where).routes].filter((route) => !isDefault(route)).map((route) => route.split(" ")[0] as Cidr),
    defaultRoutes: async (where) => [...space(where).routes].filter(isDefault).map((route) => route.split(" ")[2] as Ip),
    async waitUp(where, name) {
      if (!find(where, name).up) throw new NetError("unavailable", `link ${name} did not come up`);
    },
    async discardLink(where, name) {
      const link = space(where).links.get(name);
      if (link === undefined) return;
      say(where, `ip link del ${name}`);
      unmakeLink(where, link);
    },
    async setSysctl(where, key, value) {
      say(where, `sysctl -w ${key}=${value}`);
      space(where).sysctls.set(key, value);
    },
    sysctl: async (where, key) => space(where).sysctls.get(key),
    async nft(where, batch) {
      say(where, `nft -f - <${batch.length} commands>`);
    },
    async holdPort(protocol, ip, port) {
      const text = `${ip}:${port}/${protocol}`;
      if (ports.has(text)) throw new NetError("conflict", `failed to bind host port ${text}: address already in use`);
      ports.add(text);
      say(host, `hold ${text}`);
      return {
        close() {
          ports.delete(text);
        },
      };
    },
    async dnsSockets(where) {
      space(where);
      return { udpFd: -1, tcpFd: -1, close() {} };
    },
    async flushUdpFlows() {},
    async settle() {},
    async close() {},
    picture() {
      const of = ([path, { links, routes, sysctls }]: [string, FakeNamespace]) => [
        path,
        ...[...links.values()].map(({ index: _, peerIndex: __, masterIndex: ___, ...rest }) => JSON.stringify(rest)).sort(),
        ...[...routes].sort(),
        ...[...sysctls].map(([key, value]) => `${key}=${value}`).sort(),
      ];
      return [...[...spaces].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(of), ...[...ports].sort()].join("\n");
    },
    die() {
      ports.clear();
    },
    forgetPins() {
      for (const [path, namespace] of spaces) {
        if (path === HOST) continue;
        hidden.set(path, namespace);
        spaces.delete(path);
      }
    },
  };
  return fake;
}

function emptyNamespace(): FakeNamespace {
  return { links: new Map(), routes: new Set(), sysctls: new Map() };
}

function plainLink(
  index: number,
  name: string,
  kind: string,
  mac: Mac | undefined,
  mtu: number | undefined,
  masterIndex: number | undefined,
): FakeLink {
  const given = mac ?? ("02:00:00:00:00:01" as Mac);
  return {
    index,
    name,
    kind,
    mac: given,
    mtu: mtu ?? 1500,
    up: false,
    operstate: "down",
    masterIndex,
    peerIndex: undefined,
    addresses: [],
  };
}

function isDefault(route: string): boolean {
  return route.startsWith("0.0.0.0/0 ") || route.startsWith("::/0 ");
}

function reaches(link: FakeLink, via: Ip): boolean {
  return link.addresses.some((text) => {
    const { block } = parseInterface(text);
    return familyOf(networkOf(block)) === familyOf(via) && contains(block, via);
  });
}

function routeText(to: Cidr, via: Ip | undefined, dev: string): string {
  return via === undefined ? `${to} dev ${dev}` : `${to} via ${via} dev ${dev}`;
}

/** A change as a person would have typed it. */
function lineOf(one: Change): string {
  switch (one.verb) {
    case "link add": {
      const { link } = one;
      const words = [`ip link add ${link.name}`];
      if (link.mtu !== undefined) words.push(`mtu ${link.mtu}`);
      if (link.mac !== undefined) words.push(`address ${link.mac}`);
      if (link.master !== undefined) words.push(`master ${link.master}`);
      if (link.up === true) words.push("up");
      words.push(`type ${link.kind}`);
      if (link.kind === "veth") words.push(`peer name ${link.peer.name} netns ${link.peer.netns.path.split("/").at(-1)}`);
      return words.join(" ");
    }
    case "link set": {
      const { up, name, master, mtu, mac, hairpin, isolated } = one;
      const words = [
        up === undefined ? "" : up ? "up" : "down",
        name && `name ${name}`,
        master && `master ${master}`,
        mtu && `mtu ${mtu}`,
        mac,
        (hairpin || isolated) && ["type bridge_slave", hairpin && "hairpin on", isolated && "isolated on"].filter(Boolean).join(" "),
      ];
      return ["ip link set", one.dev, ...words.filter(Boolean)].join(" ");
    }
    case "link del":
      return `ip link del ${one.dev}`;
    case "addr add":
    case "addr del":
      return `ip ${one.verb} ${one.address}/${one.prefix} dev ${one.dev}`;
    case "route add":
      return `ip route add ${routeText(one.to, one.via, String(one.dev))}`;
    case "route del":
      return `ip route del ${one.to}${one.via === undefined ? "" : ` via ${one.via}`}`;
  }
}
