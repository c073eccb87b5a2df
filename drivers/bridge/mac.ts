import { ipBytes, type Mac } from "../../src/model/address.ts";
import type { Network } from "../../src/model/network.ts";

/**
 * A bridge without a fixed address takes the lowest of its ports' and changes it when one leaves, which breaks running flows. So it gets one
 * of its own: 02:42 and the IPv4 gateway, or 02:42 and the network's id.
 */
export function bridgeMac(network: Network): Mac {
  const gateway = network.pools.find((pool) => pool.family === 4)?.gateway;
  const tail =
    gateway === undefined
      ? (network.id.match(/../g) ?? []).slice(0, 4)
      : Array.from(ipBytes(gateway), (byte) => byte.toString(16).padStart(2, "0"));
  return ["02", "42", ...tail].join(":") as Mac;
}
