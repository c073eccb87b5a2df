import { prefixOf } from "../../src/model/address.ts";
import type { Attachment, Driver, DriverFactory, Preferences } from "../../src/model/driver.ts";
import type { Endpoint } from "../../src/model/endpoint.ts";
import { NetError } from "../../src/model/errors.ts";
import type { Change, Kernel, Netns } from "../../src/model/kernel.ts";
import type { Network } from "../../src/model/network.ts";
import { checkBridge } from "./check.ts";
import { bridgeMac } from "./mac.ts";
import { type BridgeOptions, parseOptions } from "./options.ts";
import { endpointPolicy, networkPolicy } from "./policy.ts";

/** Containers on one Linux bridge of this host, with a gateway address on it; the outside is reached by translation or routing. */
const bridge: DriverFactory = (kernel): Driver => ({
  name: "bridge",
  scope: "local",
  single: false,
  addressed: true,
  check: checkBridge,
  create: (network) => create(kernel, network),
  remove: (network) => remove(kernel, network),
  attach: (endpoint, network, sandbox) => attach(kernel, endpoint, network, sandbox),
  detach: (endpoint) => kernel.discardLink(kernel.host, hostIfname(endpoint)),
  preferences: (network) => preferences(optionsOf(network)),
  policy: (network) => networkPolicy(network, optionsOf(network)),
  endpointPolicy: (endpoint, network) => endpointPolicy(endpoint, hostIfname(endpoint), optionsOf(network)),
});
export default bridge;

function optionsOf(network: Network) {
  return parseOptions(network.id, network.options);
}

function preferences({ ifacePrefix, hostBinding }: BridgeOptions): Preferences {
  return { ifacePrefix, ...(hostBinding === undefined ? {} : { hostBinding }) };
}

/** From the endpoint's id alone, so that what a crash left is found again. */
function hostIfname(endpoint: Endpoint): string {
  return `veth${endpoint.id.slice(0, 8)}`;
}

/** `ip link add BR type bridge; ip addr add GATEWAY dev BR; ip link set BR up`. What is there already is kept. */
async function create(kernel: Kernel, network: Network): Promise<void> {
  const options = optionsOf(network);
  const existing = await kernel.link(kernel.host, options.bridge);
  if (existing === undefined) {
    const { bridge: name, mtu } = options;
    const mac = bridgeMac(network);
    await kernel.apply(kernel.host, [{ verb: "link add", link: { kind: "bridge", name, mac, ...(mtu === undefined ? {} : { mtu }) } }]);
  }
  if (existing !== undefined && existing.kind !== "bridge") {
    throw new NetError("conflict", `device ${options.bridge} exists and is not a bridge`, {
      hint: "choose another com.docker.network.bridge.name",
    });
  }
  await setSysctls(kernel, network, options.bridge, existing === undefined || existing.mac === bridgeMac(network));
  await kernel.apply(kernel.host, [
    ...(await missingAddresses(kernel, network, existing !== undefined)),
    { verb: "link set", dev: options.bridge, up: true },
  ]);
}

/**
 * A bridge of ours goes, known by the MAC that we gave it. One that was there before us stays with all that is on it: an address may be the
 * host's own, and taking the host's address away is worse than leaving one behind.
 */
async function remove(kernel: Kernel, network: Network): Promise<void> {
  const { bridge: name } = optionsOf(network);
  const link = await kernel.link(kernel.host, name);
  if (link?.kind === "bridge" && link.mac === bridgeMac(network)) await kernel.apply(kernel.host, [{ verb: "link del", dev: name }]);
}

/** Host addresses of the bridge: the gateways, unless the network has none by mode. */
async function missingAddresses(kernel: Kernel, network: Network, existed: boolean): Promise<Change[]> {
  const options = optionsOf(network);
  const present = existed ? await kernel.addresses(kernel.host, options.bridge) : [];
  return network.pools.flatMap((pool): Change[] => {
    const isolated = pool.family === 4 ? options.mode4 === "isolated" || options.inhibit4 : options.mode6 === "isolated";
    if (pool.gateway === undefined || isolated || present.includes(pool.gateway)) return [];
    return [{ verb: "addr add", dev: options.bridge, address: pool.gateway, prefix: prefixOf(pool.subnet) }];
  });
}

/** Router advertisements of a container must not configure the host. What somebody else's bridge does with IPv6 is not ours to say. */
async function setSysctls(kernel: Kernel, network: Network, name: string, ours: boolean): Promise<void> {
  const features = await kernel.features();
  if (features.ipv6 && ours) {
    await kernel.setSysctl(kernel.host, `net/ipv6/conf/${name}/accept_ra`, "0");
    await kernel.setSysctl(kernel.host, `net/ipv6/conf/${name}/disable_ipv6`, network.enableIPv6 ? "0" : "1");
  }
  if (network.internal) return;
  await forward(kernel, "net/ipv4/ip_forward", network.enableIPv4);
  await forward(kernel, "net/ipv6/conf/all/forwarding", network.enableIPv6 && features.ipv6);
}

/** Written only when it is off: a host whose /proc/sys is read-only may have it on already. */
async function forward(kernel: Kernel, key: string, wanted: boolean): Promise<void> {
  if (wanted && (await kernel.sysctl(kernel.host, key)) !== "1") await kernel.setSysctl(kernel.host, key, "1");
}

/** `ip link add VETH mtu M master BR up type veth peer name eth0 netns SANDBOX`: one message, the peer is born in its place. */
async function attach(kernel: Kernel, endpoint: Endpoint, network: Network, sandbox: Netns): Promise<Attachment> {
  const { bridge: master, mtu, icc } = optionsOf(network);
  const name = hostIfname(endpoint);
  const size = mtu === undefined ? {} : { mtu };
  const peer = { name: endpoint.ifname ?? "eth0", netns: sandbox, ...(endpoint.mac === undefined ? {} : { mac: endpoint.mac }), ...size };
  return {
    make: { link: { kind: "veth", name, master, up: true, peer, ...size }, port: await portFlags(kernel, endpoint, icc) },
    routes: [],
  };
}

/**
 * Where bridges are filtered (br_netfilter) a packet to the own published port is bridged back out of the port that it came in by, which needs
 * hairpin; and the rules keep containers without icc apart. Where they are not filtered the bridge itself has to.
 */
async function portFlags(kernel: Kernel, endpoint: Endpoint, icc: boolean): Promise<{ hairpin?: true; isolated?: true }> {
  const hairpin = endpoint.publishes ? { hairpin: true as const } : {};
  if (icc) return hairpin;
  const filtered = (await kernel.sysctl(kernel.host, "net/bridge/bridge-nf-call-iptables")) === "1";
  return filtered ? hairpin : { ...hairpin, isolated: true };
}
