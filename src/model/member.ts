import type { Ip } from "./address.ts";
import type { EndpointWish, PortWish } from "./endpoint.ts";
import type { Id } from "./id.ts";

/** Through which door a member came. */
export type Door = "docker" | "cni" | "podman" | "library";

/**
 * How a member's network namespace comes to be: its own, the host's, or that of another member.
 * `none` is an own namespace with only lo.
 */
export type SandboxMode = "own" | "host" | { shareWith: Id };

/** Somebody who can be on networks: a container, a CNI attachment, a process. Kept in the data-root store with what was asked for. */
export interface Member {
  id: Id;
  name: string;
  door: Door;
  hostname: string;
  domainname: string;
  mode: SandboxMode;
  /** By network name, in the order in which they were asked for. */
  wishes: { network: string; wish: EndpointWish }[];
  ports: PortWish[];
  dns: { servers: Ip[]; search: string[]; options: string[] };
  extraHosts: { name: string; ip: Ip | "host-gateway" }[];
}

/** A member's open network namespace, kept in the exec-root store. */
export interface Sandbox {
  /** The member's id: a member has one sandbox. */
  id: Id;
  /** Where the namespace is pinned. For mode host the daemon's own namespace. */
  path: string;
  state: "opening" | "open";
}
