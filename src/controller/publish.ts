import { familyOf, type Ip } from "../model/address.ts";
import type { Endpoint, PortBinding, PortWish } from "../model/endpoint.ts";
import { NetError, wrap } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { Member } from "../model/member.ts";
import { networkOf } from "./derive.ts";
import type { Gateways } from "./gateway.ts";
import { driverOf, type House } from "./house.ts";
import { standing } from "./state.ts";
import type { Transaction } from "./transaction.ts";

const ANY4 = "0.0.0.0" as Ip;
const ANY6 = "::" as Ip;

/**
 * Puts a member's published ports on the endpoints that carry its default routes: held once, moved when the gateway moves, given back when
 * nothing carries them. `leaving`: those of an endpoint that is going. @returns the endpoints whose ports changed.
 */
export async function publish(
  house: House,
  tx: Transaction,
  member: Member,
  gateways: Gateways,
  leaving: PortBinding[] = [],
): Promise<Id[]> {
  const mine = standing(house.state, member.id);
  const present = [...leaving, ...mine.flatMap((endpoint) => endpoint.ports)];
  const carrier = gateways.ipv4 ?? gateways.ipv6;
  if (member.ports.length === 0 || (carrier === undefined && present.length === 0)) return [];
  const bindings = carrier === undefined ? [] : present.length > 0 ? present : await hold(house, tx, member, carrier, gateways);
  return mine.flatMap((endpoint) => {
    const ports = bindings.filter((binding) => (familyOf(binding.hostIp) === 4 ? gateways.ipv4 : gateways.ipv6)?.id === endpoint.id);
    if (sameBindings(ports, endpoint.ports)) return [];
    house.state.endpoints.put({ ...endpoint, ports });
    tx.undo("moving published ports", () => putIfPresent(house, endpoint));
    return [endpoint.id];
  });
}

async function hold(house: House, tx: Transaction, member: Member, carrier: Endpoint, gateways: Gateways): Promise<PortBinding[]> {
  tx.undo("holding ports", () => house.ports.release(member.id));
  try {
    return await house.ports.hold({ id: member.id, name: member.name }, member.ports, (wish) => listenOn(house, wish, gateways));
  } catch (error) {
    const { message, hint } = wrap(`driver failed programming external connectivity on endpoint ${member.name} (${carrier.id})`, error);
    // Docker's clients know this one as a failure of the system.
    throw new NetError("internal", message, { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Where a wish listens: on its own address, on the network's, or on every address of the families that the member has. */
function listenOn(house: House, wish: PortWish, gateways: Gateways): Ip[] {
  const carrier = gateways.ipv4 ?? gateways.ipv6;
  const network = carrier === undefined ? undefined : networkOf(house, carrier);
  const preferred = network === undefined ? undefined : driverOf(house, network.driver).preferences(network).hostBinding;
  const asked = wish.hostIp ?? preferred;
  const all = asked === undefined ? [ANY4, ANY6] : asked === ANY6 && wish.hostIp === undefined ? [ANY4, ANY6] : [asked];
  const reachable = all.filter((ip) => (familyOf(ip) === 4 ? gateways.ipv4 : gateways.ipv6) !== undefined);
  if (reachable.length === 0) {
    throw new NetError(
      "invalid",
      `cannot publish port ${wish.port}/${wish.protocol} on ${asked}: the container has no address of that family`,
      {
        hint: "publish on an address of the other family, or give the network both: --ipv6",
      },
    );
  }
  return reachable;
}

function sameBindings(a: PortBinding[], b: PortBinding[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** An undo must not bring back a row that another undo took away. */
function putIfPresent(house: House, endpoint: Endpoint): void {
  if (house.state.endpoints.get(endpoint.id) !== undefined) house.state.endpoints.put(endpoint);
}

/** A UDP client that goes on sending keeps its translation, and with it a container that may be gone: it is made to find the new one. */
export async function forgetFlows(house: House, ports: PortBinding[]): Promise<void> {
  const datagrams = ports.filter((binding) => binding.protocol === "udp");
  if (datagrams.length > 0) await house.kernel.flushUdpFlows(datagrams);
}
