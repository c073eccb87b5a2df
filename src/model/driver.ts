import type { Ip } from "./address.ts";
import type { Endpoint, Route } from "./endpoint.ts";
import type { Id } from "./id.ts";
import type { Kernel, Netns, PlugRequest } from "./kernel.ts";
import type { Network, NetworkSpec } from "./network.ts";
import type { EndpointPolicy, NetworkPolicy } from "./policy.ts";

/**
 * What attach wants: one link inside the sandbox. It is made for the driver, together with its addresses and routes in one exchange; rules and
 * names are done for it too, once, in one place. A driver whose link is made by somebody else says where it is instead.
 */
export interface Attachment {
  /** The link to make in the host's namespace, its far end in the sandbox with the endpoint's name and MAC; absent where there is none. */
  make?: Omit<PlugRequest, "inside">;
  /** Of a link that is in the sandbox already. */
  ifindex?: number;
  /** Beyond the subnet's own and the default one. */
  routes: Route[];
}

/**
 * A kind of network. It makes and unmakes links and says what it wants; it never stores, never calls back.
 * Unmaking takes only ids that the store has, and absence is success, so rollback, disconnect and the sweep after a crash are one call.
 */
export interface Driver {
  readonly name: string;
  readonly scope: "local" | "global";
  /** host and none: exactly one network, made at start. */
  readonly single: boolean;
  /** Are addresses ours to give (bridge), or is there nothing to give (host, none)? */
  readonly addressed: boolean;
  /** Pure: refuses a spec with a plain error before anything is done. `id` is the new network's, `others` are the networks of this driver. */
  check(id: Id, spec: NetworkSpec, others: readonly Network[]): void;
  create(network: Network): Promise<void>;
  remove(network: Network): Promise<void>;
  attach(endpoint: Endpoint, network: Network, sandbox: Netns): Promise<Attachment>;
  detach(endpoint: Endpoint, network: Network): Promise<void>;
  /** Pure. */
  preferences(network: Network): Preferences;
  /** Pure; undefined when the firewall need not know. */
  policy(network: Network): NetworkPolicy | undefined;
  /** Pure; undefined when the firewall need not know. */
  endpointPolicy(endpoint: Endpoint, network: Network): EndpointPolicy | undefined;
}

/** What a driver prefers where a person did not say. */
export interface Preferences {
  /** `eth` of eth0. */
  ifacePrefix: string;
  /** Where `-p` without an address listens; undefined: on all addresses. */
  hostBinding?: Ip;
}

export type DriverFactory = (kernel: Kernel) => Driver;
