import type { Cidr, Ip, Mac } from "./address.ts";
import type { PortBinding } from "./endpoint.ts";
import type { Id } from "./id.ts";

/**
 * How the outside reaches a network's containers, per family:
 * nat: only published ports, translated. nat-unprotected: translated, and every port on the container's address too.
 * routed: no translation, published ports on the container's address. isolated: the bridge has no address.
 */
export type GatewayMode = "nat" | "nat-unprotected" | "routed" | "isolated";

/** What the firewall must know of a network; a pure function of it, made by its driver. */
export interface NetworkPolicy {
  kind: "network";
  id: Id;
  /** The host's interface through which all of its traffic goes. */
  bridge: string;
  subnets: Cidr[];
  /** May its containers talk to each other? */
  icc: boolean;
  internal: boolean;
  masquerade4: boolean;
  masquerade6: boolean;
  mode4: GatewayMode;
  mode6: GatewayMode;
}

/** What the firewall must know of an endpoint. */
export interface EndpointPolicy {
  kind: "endpoint";
  id: Id;
  bridge: string;
  hostIfname: string;
  mac: Mac;
  ipv4?: Ip;
  ipv6?: Ip;
  ports: PortBinding[];
  mode4: GatewayMode;
  mode6: GatewayMode;
}

export type Policy = NetworkPolicy | EndpointPolicy;

/** Rules are derived: set whole, or changed by what changed. Both are one transaction, and doing either twice is doing it once. */
export interface Firewall {
  readonly name: "nftables" | "iptables" | "none";
  /** Makes the machine's rules exactly these, whatever is there. */
  set(policies: Policy[]): Promise<void>;
  /** Replaces the rules of these ids; an id without a policy loses its rules. */
  change(put: Policy[], drop: Id[]): Promise<void>;
  /** Takes all of our rules away. */
  clear(): Promise<void>;
}
