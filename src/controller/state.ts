import type { Endpoint } from "../model/endpoint.ts";
import { NetError } from "../model/errors.ts";
import { type Id, lookUp } from "../model/id.ts";
import type { Member, Sandbox } from "../model/member.ts";
import type { Network } from "../model/network.ts";
import type { Store, Table } from "../model/store.ts";

/** Endpoints by id, by member and by network, so that a change costs the same however many others there are. */
export interface Endpoints {
  get(id: Id): Endpoint | undefined;
  put(endpoint: Endpoint): void;
  delete(id: Id): void;
  all(): readonly Endpoint[];
  of(owner: { memberId: Id } | { networkId: Id }): Endpoint[];
}

/** Everything the verbs know. What a person asked for is in the durable store, what dies with a reboot in the other. */
export interface State {
  networks: Table<Network>;
  members: Table<Member>;
  sandboxes: Table<Sandbox>;
  endpoints: Endpoints;
}

export function openState(durable: Store, volatile: Store): State {
  return {
    networks: durable.table<Network>("networks"),
    members: durable.table<Member>("members"),
    sandboxes: volatile.table<Sandbox>("sandboxes"),
    endpoints: indexed(volatile.table<Endpoint>("endpoints")),
  };
}

/** @throws notFound, or invalid when the name is ambiguous. */
export function findNetwork(state: State, ref: string): Network {
  const network = lookUp("network", state.networks.all(), ref);
  if (network === undefined || network.state === "creating") {
    throw new NetError("notFound", `network ${ref} not found`, { hint: "netloom network ls shows those that there are" });
  }
  return network;
}

/** @throws notFound */
export function findMember(state: State, id: Id): Member {
  const member = state.members.get(id);
  if (member === undefined) throw new NetError("notFound", `No such container: ${id}`);
  return member;
}

/** Those that rules, names and routes follow from, in the order of their interfaces. */
export function standing(state: State, memberId: Id): Endpoint[] {
  return state.endpoints.of({ memberId }).filter(stands);
}

export function stands(endpoint: Endpoint): boolean {
  return endpoint.state === "attached" || endpoint.state === "plugging";
}

function indexed(table: Table<Endpoint>): Endpoints {
  const byMember = new Map<Id, Set<Id>>();
  const byNetwork = new Map<Id, Set<Id>>();
  const add = (index: Map<Id, Set<Id>>, key: Id, id: Id) => {
    const ids = index.get(key) ?? new Set();
    index.set(key, ids.add(id));
  };
  const drop = (index: Map<Id, Set<Id>>, key: Id, id: Id) => {
    const ids = index.get(key);
    ids?.delete(id);
    if (ids?.size === 0) index.delete(key);
  };
  for (const { id, memberId, networkId } of table.all()) {
    add(byMember, memberId, id);
    add(byNetwork, networkId, id);
  }
  return {
    get: (id) => table.get(id),
    all: () => table.all(),
    put(endpoint) {
      table.put(endpoint);
      add(byMember, endpoint.memberId, endpoint.id);
      add(byNetwork, endpoint.networkId, endpoint.id);
    },
    delete(id) {
      const endpoint = table.get(id);
      if (endpoint === undefined) return;
      table.delete(id);
      drop(byMember, endpoint.memberId, id);
      drop(byNetwork, endpoint.networkId, id);
    },
    of(owner) {
      const ids = "memberId" in owner ? byMember.get(owner.memberId) : byNetwork.get(owner.networkId);
      return Array.from(ids ?? []).flatMap((id) => table.get(id) ?? []);
    },
  };
}
