import type { Endpoint } from "../model/endpoint.ts";
import type { Id } from "../model/id.ts";
import type { Member, Sandbox } from "../model/member.ts";
import type { NameRecord } from "../model/name.ts";
import type { Network } from "../model/network.ts";
import type { Policy } from "../model/policy.ts";
import { driverOf, type House } from "./house.ts";
import { nameRecord, parseResolvConf, resolverView } from "./names.ts";
import { standing, stands } from "./state.ts";
import { embeddedResolvConf, hostsFile, plainResolvConf } from "./text-files.ts";
import { together } from "./transaction.ts";

/**
 * What follows from the store: rules, names, text files. None of it is undone; after a failure it is derived again from the store as it
 * then is.
 */

/** Rules and names of these endpoints as they stand; those that are gone lose theirs. */
export async function deriveEndpoints(house: House, ids: Id[]): Promise<void> {
  const policies: Policy[] = [];
  const records: NameRecord[] = [];
  for (const id of ids) {
    const endpoint = house.state.endpoints.get(id);
    if (endpoint === undefined || !stands(endpoint)) continue;
    policies.push(...policyOf(house, endpoint));
    records.push(...recordOf(house, endpoint));
  }
  const without = (present: Set<Id>) => ids.filter((id) => !present.has(id));
  await together([
    () => house.firewall.change(policies, without(new Set(policies.map((policy) => policy.id)))),
    () => house.dns.change(records, without(new Set(records.map((record) => record.endpointId)))),
  ]);
}

/** /etc/hosts, /etc/resolv.conf, /etc/hostname and the resolver of one member. */
export async function deriveMember(house: House, row: Member, sandbox: Sandbox): Promise<void> {
  const member = withDefaults(house, row);
  if (member.mode === "host" || typeof member.mode === "object") return deriveShared(house, member);
  const endpoints = standing(house.state, member.id);
  const host = parseResolvConf(await house.files.read(house.resolvConf));
  const view = resolverView(member, endpoints, (endpoint) => networkOf(house, endpoint), host);
  await house.files.write(`${house.filesDir(member.id)}/hostname`, `${member.hostname}\n`);
  await house.files.write(`${house.filesDir(member.id)}/hosts`, hostsFile(member, endpoints, house.hostGateway()));
  await house.files.write(
    `${house.filesDir(member.id)}/resolv.conf`,
    view === undefined ? plainResolvConf(member, host) : embeddedResolvConf(member, host),
  );
  if (view === undefined) return stopResolver(house, member.id);
  const served = house.served.has(member.id);
  const sockets = served ? undefined : await house.kernel.dnsSockets({ path: sandbox.path });
  try {
    await house.dns.serve(view, sockets);
  } catch (error) {
    sockets?.close();
    throw error;
  }
  house.served.add(member.id);
}

/** Its sockets go with it; a later view gets new ones. */
export async function stopResolver(house: House, memberId: Id): Promise<void> {
  house.served.delete(memberId);
  await house.dns.stop(memberId);
}

/** Part by part: a member's own value replaces the daemon's. */
function withDefaults(house: House, member: Member): Member {
  const choose = <T>(own: T[], fallback: T[]) => (own.length > 0 ? own : fallback);
  const { servers, search, options } = house.dnsDefaults;
  const dns = {
    servers: choose(member.dns.servers, servers),
    search: choose(member.dns.search, search),
    options: choose(member.dns.options, options),
  };
  return { ...member, dns };
}

/** Of the host's namespace: its own files, copied. Of another member's: that member's. */
async function deriveShared(house: House, member: Member): Promise<void> {
  const other = typeof member.mode === "object" ? house.state.members.get(member.mode.shareWith) : undefined;
  const host = parseResolvConf(await house.files.read(house.resolvConf));
  const hosts =
    other === undefined ? hostsFile(member, [], house.hostGateway()) : await house.files.read(`${house.filesDir(other.id)}/hosts`);
  const resolv =
    other === undefined ? await house.files.read(house.resolvConf) : await house.files.read(`${house.filesDir(other.id)}/resolv.conf`);
  await house.files.write(`${house.filesDir(member.id)}/hostname`, `${member.hostname}\n`);
  await house.files.write(`${house.filesDir(member.id)}/hosts`, hosts);
  await house.files.write(
    `${house.filesDir(member.id)}/resolv.conf`,
    member.dns.servers.length > 0 ? plainResolvConf(member, host) : resolv,
  );
}

/** Everything at once, from the store: after a start. */
export async function deriveAll(house: House): Promise<void> {
  const all = house.state.endpoints.all().filter(stands);
  const networks = house.state.networks.all().filter((network) => network.state === "ready");
  const policies = networks.flatMap((network) => networkPolicy(house, network));
  await house.firewall.set([...policies, ...all.flatMap((endpoint) => policyOf(house, endpoint))]);
  await house.dns.set(all.flatMap((endpoint) => recordOf(house, endpoint)));
}

/** As a list, for where there may be none. */
export function networkPolicy(house: House, network: Network): Policy[] {
  const policy = driverOf(house, network.driver).policy(network);
  return policy === undefined ? [] : [policy];
}

export function networkOf(house: House, endpoint: Endpoint): Network | undefined {
  return house.state.networks.get(endpoint.networkId);
}

function policyOf(house: House, endpoint: Endpoint): Policy[] {
  const network = networkOf(house, endpoint);
  const policy = network === undefined ? undefined : driverOf(house, network.driver).endpointPolicy(endpoint, network);
  return policy === undefined ? [] : [policy];
}

function recordOf(house: House, endpoint: Endpoint): NameRecord[] {
  const network = networkOf(house, endpoint);
  const record = network === undefined ? undefined : nameRecord(endpoint, network);
  return record === undefined ? [] : [record];
}
