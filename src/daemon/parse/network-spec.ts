import { type Cidr, contains, familyOf, type Ip, networkOf, parseCidr, parseIp, prefixOf, toBig } from "../../model/address.ts";
import { messageOf, NetError } from "../../model/errors.ts";
import type { NetworkSpec, PoolWish } from "../../model/network.ts";
import { attempt, joinProblems } from "../errors.ts";
import type { NetworkCreateBody } from "./schemas.ts";

type PoolBody = NonNullable<NonNullable<NonNullable<NetworkCreateBody["IPAM"]>["Config"]>[number]>;

/**
 * The body of `network create`. Options are not looked at: the driver knows them.
 * @throws invalid with all problems of the addresses, one a line, under `invalid network config:`.
 */
export function parseNetworkSpec(body: NetworkCreateBody): NetworkSpec {
  const name = body.Name ?? "";
  if (name === "") throw new NetError("invalid", "invalid name: name is empty");
  refuseSwarm(body);
  const problems: string[] = [];
  const pools = (body.IPAM?.Config ?? []).map((pool) => parsePool(pool, problems));
  if (problems.length > 0) throw joinProblems("invalid network config:", problems);
  return {
    name,
    driver: body.Driver || "bridge",
    internal: body.Internal ?? false,
    attachable: body.Attachable ?? false,
    enableIPv4: body.EnableIPv4 ?? true,
    enableIPv6: body.EnableIPv6 ?? false,
    ipamDriver: body.IPAM?.Driver || "default",
    ipamOptions: body.IPAM?.Options ?? {},
    pools,
    options: body.Options ?? {},
    labels: body.Labels ?? {},
  };
}

function refuseSwarm(body: NetworkCreateBody): void {
  if (body.Scope === "swarm") throw new NetError("forbidden", "cannot create a swarm scoped network when swarm is not active");
  if (body.Ingress) throw new NetError("unsupported", "ingress networks belong to swarm mode, which netloom does not have");
  if (body.ConfigOnly || body.ConfigFrom?.Network) {
    throw new NetError("unsupported", "configuration-only networks are not supported", { hint: "give each network its own configuration" });
  }
}

function parsePool(body: PoolBody, problems: string[]): PoolWish {
  const subnet = body.Subnet ? attempt(problems, () => parseCidr(body.Subnet ?? "")) : undefined;
  const range = body.IPRange ? attempt(problems, () => parseRange(body.IPRange ?? "", subnet)) : undefined;
  const gateway = body.Gateway ? attempt(problems, () => parseWithin(`gateway ${body.Gateway}`, body.Gateway ?? "", subnet)) : undefined;
  const aux: Record<string, Ip> = {};
  for (const [name, text] of Object.entries(body.AuxiliaryAddresses ?? {})) {
    const ip = attempt(problems, () => parseWithin(`auxiliary address ${name}`, text, subnet));
    if (ip !== undefined) aux[name] = ip;
  }
  return { ...(subnet && { subnet }), ...(range && { range }), ...(gateway && { gateway }), aux };
}

function parseRange(text: string, subnet: Cidr | undefined): Cidr {
  const range = parseCidr(text, "ip-range");
  if (subnet === undefined || isOpen(subnet)) return range;
  const refuse = (why: string) => new NetError("invalid", `invalid ip-range ${text}: ${why}`);
  if (familyOf(range) !== familyOf(subnet)) throw refuse(`parent subnet is an IPv${familyOf(subnet)} block`);
  if (prefixOf(range) < prefixOf(subnet)) throw refuse(`CIDR block is bigger than its parent subnet ${subnet}`);
  if (!contains(subnet, range)) throw refuse(`parent subnet ${subnet} doesn't contain ip-range`);
  return range;
}

function parseWithin(what: string, text: string, subnet: Cidr | undefined): Ip {
  const refuse = (why: string) => new NetError("invalid", `invalid ${what}: ${why}`);
  let ip: Ip;
  try {
    ip = parseIp(text);
  } catch (error) {
    throw refuse(messageOf(error));
  }
  if (subnet === undefined || isOpen(subnet)) return ip;
  if (familyOf(ip) !== familyOf(subnet)) throw refuse(`parent subnet is an IPv${familyOf(subnet)} block`);
  if (!contains(subnet, ip)) throw refuse(`parent subnet ${subnet} doesn't contain this address`);
  return ip;
}

/** `0.0.0.0/24` and `::/64` name only a size: where the block will lie is not known yet. */
function isOpen(subnet: Cidr): boolean {
  return toBig(networkOf(subnet)) === 0n;
}
