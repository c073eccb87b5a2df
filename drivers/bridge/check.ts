import { type Cidr, contains, familyOf } from "../../src/model/address.ts";
import { NetError } from "../../src/model/errors.ts";
import type { Id } from "../../src/model/id.ts";
import type { Network, NetworkSpec } from "../../src/model/network.ts";
import { type BridgeOptions, parseOptions } from "./options.ts";

const LINK_LOCAL = "fe80::/64" as Cidr;
const MULTICAST = "ff00::/8" as Cidr;

/** Everything that a bridge network can be refused for without touching the machine. @throws invalid, forbidden */
export function checkBridge(id: Id, spec: NetworkSpec, others: readonly Network[]): void {
  const options = parseOptions(id, spec.options);
  checkName(id, options, others);
  checkModes(spec, options);
  checkSubnets(spec);
}

function checkName(id: Id, options: BridgeOptions, others: readonly Network[]): void {
  const twin = others.find((other) => parseOptions(other.id, other.options).bridge === options.bridge);
  if (twin === undefined) return;
  throw new NetError(
    "forbidden",
    `cannot create network ${id} (${options.bridge}): conflicts with network ${twin.id} (${options.bridge}): networks have same bridge name`,
    { hint: `network ${twin.name} has it; choose another com.docker.network.bridge.name` },
  );
}

function checkModes(spec: NetworkSpec, options: BridgeOptions): void {
  if (spec.internal) return;
  if (options.mode4 === "isolated" || options.mode6 === "isolated") {
    throw new NetError("invalid", "gateway mode 'isolated' can only be used for an internal network", { hint: "add --internal" });
  }
}

function checkSubnets(spec: NetworkSpec): void {
  const subnets = spec.pools.flatMap((pool) => (pool.subnet === undefined ? [] : [pool.subnet]));
  for (const family of [4, 6]) {
    if (subnets.filter((subnet) => familyOf(subnet) === family).length > 1) {
      throw new NetError("forbidden", "bridge driver doesn't support multiple subnets");
    }
  }
  for (const subnet of subnets) {
    if (contains(MULTICAST, subnet)) throw new NetError("invalid", `multicast subnet '${subnet}' is not allowed`);
    if (contains(LINK_LOCAL, subnet) && subnet !== LINK_LOCAL) {
      throw new NetError("invalid", `'${subnet}' clashes with the Link-Local prefix 'fe80::/64'`);
    }
  }
}
