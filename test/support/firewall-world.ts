import { type Cidr, type Mac, parseCidr, parseIp } from "../../src/model/address.ts";
import type { PortBinding } from "../../src/model/endpoint.ts";
import type { EndpointPolicy, Firewall, NetworkPolicy } from "../../src/model/policy.ts";
import { NFTABLES } from "./firewall-backends.ts";
import { type Host, hostNetns, type Netns, netns } from "./netns.ts";
import { type Peer, startPeer } from "./peer.ts";

/** A host with two networks, `br-a` with the containers a1 and a2, `br-b` with b1, and somebody outside; each of them a peer. */
export interface World extends AsyncDisposable {
  host: Host;
  firewall: Firewall;
  peers: Record<Name, Peer>;
  sandboxes: Record<Container, Netns>;
}

export type Container = "a1" | "a2" | "b1";
export type Name = Container | "host" | "outside";

/** Addresses of the containers; gateways are .1 and ::1 of each subnet. */
export const ADDRESS = {
  a1: { ipv4: "172.30.1.2", ipv6: "fd00:a::2" },
  a2: { ipv4: "172.30.1.3", ipv6: "fd00:a::3" },
  b1: { ipv4: "172.30.2.2", ipv6: "fd00:b::2" },
} as const;

const BRIDGES = {
  "br-a": { subnet4: "172.30.1", subnet6: "fd00:a", containers: ["a1", "a2"] },
  "br-b": { subnet4: "172.30.2", subnet6: "fd00:b", containers: ["b1"] },
} as const;

/** The networks are links and addresses only; their rules are what the test sets. `bridgeNetfilter` is net.bridge.bridge-nf-call-*. */
export async function firewallWorld({ backend = NFTABLES, bridgeNetfilter = false } = {}): Promise<World> {
  const own = new AsyncDisposableStack();
  try {
    const host = own.use(await hostNetns());
    await host.must(["sysctl", "-q", ...sysctls(bridgeNetfilter)]);
    const sandboxes = {} as Record<Container, Netns>;
    for (const [bridge, { subnet4, subnet6, containers }] of Object.entries(BRIDGES)) {
      const metric = bridge === "br-a" ? "1001" : "1002";
      const gateway = { ipv4: `${subnet4}.1`, ipv6: `${subnet6}::1` };
      await host.must(["ip", "-batch", "-"], {
        input: `link add ${bridge} type bridge forward_delay 0
          address add ${gateway.ipv4}/24 dev ${bridge}
          address add ${gateway.ipv6}/64 dev ${bridge} nodad
          link set ${bridge} up\n`,
      });
      await host.must(["sysctl", "-q", `net.ipv4.conf.${bridge}.route_localnet=1`]);
      // IPv6 has no route_localnet: an answer to ::1 is delivered when ::1 is local on the interface that it comes in by, each with a metric of its own.
      await host.must(["ip", "route", "add", "local", "::1", "dev", bridge, "table", "local", "metric", metric]);
      for (const name of containers) {
        sandboxes[name] = own.use(await netns(`nl-${name}`));
        await join(sandboxes[name], name, host, bridge, gateway);
      }
    }
    // The way to the containers' own addresses, for those who try to reach them directly.
    await host.outside.must(["ip", "route", "add", "172.30.0.0/16", "via", host.address.ipv4]);
    await host.outside.must(["ip", "route", "add", "fd00::/8", "via", host.address.ipv6]);
    const { firewall, close } = backend.make(host);
    own.defer(close);
    const places: [Name, Netns][] = [...(Object.entries(sandboxes) as [Container, Netns][]), ["host", host], ["outside", host.outside]];
    const peers = Object.fromEntries(await Promise.all(places.map(async ([name, at]) => [name, own.use(await startPeer(at))] as const)));
    return {
      host,
      firewall,
      peers: peers as Record<Name, Peer>,
      sandboxes,
      [Symbol.asyncDispose]: () => own.disposeAsync(),
    };
  } catch (error) {
    await own.disposeAsync();
    throw error;
  }
}

function sysctls(bridgeNetfilter: boolean): string[] {
  const call = Number(bridgeNetfilter);
  return [
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    // Every refusal is to be heard.
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv6.icmp.ratelimit=0",
    `net.bridge.bridge-nf-call-iptables=${call}`,
    `net.bridge.bridge-nf-call-ip6tables=${call}`,
  ];
}

async function join(sandbox: Netns, name: Container, host: Netns, bridge: string, gateway: { ipv4: string; ipv6: string }): Promise<void> {
  await host.must(["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", sandbox.path]);
  await host.must(["ip", "link", "set", name, "master", bridge, "up"]);
  await host.must(["bridge", "link", "set", "dev", name, "hairpin", "on"]);
  await sandbox.must(["ip", "-batch", "-"], {
    input: `address add ${ADDRESS[name].ipv4}/24 dev eth0
      address add ${ADDRESS[name].ipv6}/64 dev eth0 nodad
      link set eth0 up
      route add default via ${gateway.ipv4}
      route add ::/0 via ${gateway.ipv6}\n`,
  });
}

/** The policy of br-a or br-b, as a bridge network of default options has it. */
export function network(letter: "a" | "b", options: Partial<NetworkPolicy> = {}): NetworkPolicy {
  const { subnet4, subnet6 } = BRIDGES[`br-${letter}`];
  return {
    kind: "network",
    id: `network-${letter}`,
    bridge: `br-${letter}`,
    subnets: [parseCidr(`${subnet4}.0/24`), parseCidr(`${subnet6}::/64` as Cidr)],
    icc: true,
    internal: false,
    masquerade4: true,
    masquerade6: true,
    mode4: "nat",
    mode6: "nat",
    ...options,
  };
}

/** The policy of a container. Ports as the command line has them: `192.0.2.1:8080:80/tcp`, `[::1]:8080:80/udp`. */
export function endpoint(name: Container, ports: readonly string[], options: Partial<EndpointPolicy> = {}): EndpointPolicy {
  return {
    kind: "endpoint",
    id: `endpoint-${name}`,
    bridge: name === "b1" ? "br-b" : "br-a",
    hostIfname: name,
    mac: "02:00:00:00:00:01" as Mac,
    ipv4: parseIp(ADDRESS[name].ipv4),
    ipv6: parseIp(ADDRESS[name].ipv6),
    ports: ports.map(binding),
    mode4: "nat",
    mode6: "nat",
    ...options,
  };
}

function binding(text: string): PortBinding {
  const [, bracketed, bare, hostPort, port, protocol = "tcp"] = /^(?:\[(.*)\]|([\d.]+)):(\d+):(\d+)(?:\/(\w+))?$/.exec(text) ?? [];
  return {
    protocol: protocol as PortBinding["protocol"],
    hostIp: parseIp(bracketed ?? bare ?? text),
    hostPort: Number(hostPort),
    port: Number(port),
  };
}
