import type { Endpoint, EndpointWish } from "../model/endpoint.ts";
import type { Id } from "../model/id.ts";
import type { PoolUse } from "../model/ipam.ts";
import type { Member, Sandbox } from "../model/member.ts";
import type { Network, NetworkSpec } from "../model/network.ts";

/** A network with who is on it: what `network inspect` shows. */
export interface NetworkView {
  network: Network;
  endpoints: { endpoint: Endpoint; member: Member }[];
  use: PoolUse[];
}

/**
 * The verbs. Those that make are all or nothing: a throw leaves the machine and the store as they were. Those that unmake go on whatever fails,
 * and doing them again, or the next start, finishes them.
 */
export interface Controller {
  createNetwork(spec: NetworkSpec): Promise<{ network: Network; warning: string }>;
  /** @throws notFound, forbidden when it is predefined or in use. */
  removeNetwork(ref: string): Promise<Network>;
  networks(): readonly Network[];
  /** @throws notFound `network X not found`, invalid when ambiguous. */
  findNetwork(ref: string): Network;
  view(ref: string): NetworkView;

  /** Makes a member known. What it asks is checked as far as it can be without a sandbox. */
  addMember(member: Member): void;
  member(id: Id): Member | undefined;
  renameMember(id: Id, name: string): Promise<void>;
  /** Its sandbox must be closed. Absence is success. */
  removeMember(id: Id): Promise<void>;
  /** Checks one wish against its network (if it exists): `invalid endpoint settings:` and all that is wrong, one a line. */
  checkWish(network: string, wish: EndpointWish): void;

  /** Puts a member on a network: at once when its sandbox is open, else when it opens. Returns the endpoint in the first case. */
  connect(network: string, memberId: Id, wish: EndpointWish): Promise<Endpoint | undefined>;
  disconnect(network: string, memberId: Id, options: { force: boolean }): Promise<void>;

  /** Makes the member's network namespace and joins every network it asked for. */
  open(memberId: Id): Promise<Sandbox>;
  /** Leaves every network and unpins the namespace. Absence is success. */
  close(memberId: Id): Promise<void>;
  sandbox(memberId: Id): Sandbox | undefined;
  endpoints(memberId: Id): readonly Endpoint[];

  /**
   * After a start: sweeps what is half done, keeps the sandboxes of members that still live (`pidOf` gives a process in the namespace) and
   * closes the others, then sets everything derived.
   */
  restore(pidOf: (memberId: Id) => number | undefined): Promise<void>;
}
