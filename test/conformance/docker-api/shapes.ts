import { HELD_OPEN } from "./answers.ts";
import type { Said } from "./story.ts";
import { ABSENT, instead } from "./story.ts";

// Members and their order as dockerd 28.5 sends them; stories give what is particular.

export const BY_ADDRESS = "the MAC address is made from the IPv4 address, so that neighbours' caches stay right when an address moves on";
export const HOST_END = "which interface of the host is the other end: Docker keeps that to itself";
export const OUR_FOLDERS = "where things lie is each daemon's own";
export const OUR_BRIDGE = "two daemons may live on one machine: each bridge has its own name";
export const ONE_BINDING = "an IPv6 binding on a network without IPv6 would need a proxy: what there is is shown";

type Members = Record<string, unknown>;

/** `EndpointSettings` of a leg that is not up; `given` has what it got. */
export function leg(given: Members = {}): object {
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    MacAddress: "",
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: "",
    EndpointID: "",
    Gateway: "",
    IPAddress: "",
    IPPrefixLen: 0,
    IPv6Gateway: "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
    ...given,
  };
}

/** A leg that is up, as the list has it. Its gateway is the first address of its subnet of 16 bits, unless something else is given. */
export function listedLeg(network: string, ip: string, given: Members = {}): object {
  const bytes = ip.split(".").map(Number);
  const mac = ["02", "42", ...bytes.map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
  return leg({
    MacAddress: instead("9e:bf:f0:89:1b:44", mac, BY_ADDRESS),
    NetworkID: `<${network}>`,
    EndpointID: "<id>",
    Gateway: `${bytes[0]}.${bytes[1]}.0.1`,
    IPAddress: ip,
    IPPrefixLen: 16,
    ...given,
  });
}

/** The same as inspect has it. */
export function liveLeg(network: string, ip: string, given: Members = {}): object {
  return { ...listedLeg(network, ip, given), HostInterface: instead(ABSENT, "<veth>", HOST_END) };
}

export function network(name: string, given: Members = {}): object {
  return {
    Name: name,
    Id: `<${name}>`,
    Created: "<time>",
    Scope: "local",
    Driver: "bridge",
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: {}, Config: [] },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: {},
    Options: {},
    Labels: {},
    ...given,
  };
}

export function ipam(...config: object[]): object {
  return { Driver: "default", Options: {}, Config: config };
}

const NO_IPAM = { Driver: "default", Options: null, Config: null };

export const BRIDGE = network("bridge", {
  IPAM: { Driver: "default", Options: null, Config: [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }] },
  Options: {
    "com.docker.network.bridge.default_bridge": "true",
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
    "com.docker.network.bridge.name": instead("docker0", "netloom0", OUR_BRIDGE),
    "com.docker.network.driver.mtu": "1500",
  },
});
export const HOST = network("host", { Driver: "host", IPAM: NO_IPAM });
export const NONE = network("none", { Driver: "null", IPAM: NO_IPAM });

/** An error's body. */
export function says(message: string): object {
  return { message };
}

/** `docker run -d`: the client waits for the next exit before it starts, and drops that when it has started. */
export function ran(name: string, warnings: string[] = []): Said[] {
  return [
    [`POST /containers/create?name=${name}`, 201, { Id: `<${name}>`, Warnings: warnings }],
    [`POST /containers/<${name}>/wait?condition=next-exit`, 200, HELD_OPEN],
    [`POST /containers/<${name}>/start`, 204],
  ];
}
