import { NetError } from "../../model/errors.ts";
import type { Network } from "../../model/network.ts";
import { type Filters, fitsName } from "../filters.ts";

export const NETWORK_FILTERS = ["dangling", "driver", "id", "label", "name", "scope", "type"];
export const NETWORK_PRUNE_FILTERS = ["label", "label!", "until"];

/** `inUse`: is anybody on it? A network that nobody is on dangles, unless it is a predefined one. */
export function fitsNetwork(filters: Filters, network: Network, inUse: (network: Network) => boolean): boolean {
  const dangling = filters.flag("dangling");
  return (
    (dangling === undefined || dangling === (!network.predefined && !inUse(network))) &&
    filters.any("driver", (value) => network.driver === value) &&
    filters.any("id", (value) => network.id.startsWith(value)) &&
    filters.labels(network.labels) &&
    filters.any("name", (value) => fitsName(value, network.name)) &&
    filters.any("scope", (value) => network.scope === value) &&
    filters.any("type", (value) => isType(value, network))
  );
}

function isType(value: string, network: Network): boolean {
  if (value === "builtin") return network.predefined;
  if (value === "custom") return !network.predefined;
  // dockerd answers 500 here, out of an untyped error; it is the client's mistake.
  throw new NetError("invalid", `invalid filter: 'type'='${value}'`, { hint: "a type is builtin or custom" });
}
