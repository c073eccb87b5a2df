import { usage } from "./failure.ts";
import type { RunFlags } from "./run-flags.ts";
import { pair } from "./words.ts";

interface EndpointConfig {
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] };
  Aliases?: string[];
  MacAddress?: string;
  DriverOpts?: Record<string, string>;
  GwPriority?: number;
}

/** Which networks, and what is asked of each. `--ip`, `--alias` and the like are for the first. @throws invalid */
export function networkOf(flags: RunFlags): { mode: string; endpoints: Record<string, EndpointConfig> } {
  const networks = (flags.network ?? []).map(parseNetwork);
  const first = networks[0] ?? { name: "default", config: {} };
  const own = ownConfig(flags);
  for (const key of Object.keys(own)) {
    if (key in first.config)
      throw usage(`${key} of the network ${first.name} is given twice`, "give it either as a flag or within --network");
  }
  const wishes = [{ name: first.name, config: { ...first.config, ...own } }, ...networks.slice(1)];
  const names = wishes.map(({ name }) => name);
  for (const name of names) if (names.indexOf(name) !== names.lastIndexOf(name)) throw usage(`the network ${name} is given twice`);
  // A network that is only named, with nothing asked of it, is said by the mode alone.
  const asked = wishes.filter(({ config }, i) => i > 0 || Object.keys(config).length > 0);
  return { mode: first.name, endpoints: Object.fromEntries(asked.map(({ name, config }) => [name, config])) };
}

function ownConfig(flags: RunFlags): EndpointConfig {
  const addresses = {
    ...(flags.ip === undefined ? {} : { IPv4Address: flags.ip }),
    ...(flags.ip6 === undefined ? {} : { IPv6Address: flags.ip6 }),
  };
  return {
    ...(Object.keys(addresses).length === 0 ? {} : { IPAMConfig: addresses }),
    ...(flags.networkAlias === undefined ? {} : { Aliases: flags.networkAlias }),
    ...(flags.macAddress === undefined ? {} : { MacAddress: flags.macAddress }),
  };
}

/** `my-net`, or `name=my-net,alias=web,ip=10.1.0.9`. @throws invalid */
function parseNetwork(text: string): { name: string; config: EndpointConfig } {
  if (!text.includes("=")) return { name: text, config: {} };
  let name = "";
  const config: EndpointConfig = {};
  for (const [key, value] of text.split(",").map(pair)) {
    if (key === "name") name = value;
    else if (key === "alias") config.Aliases = [...(config.Aliases ?? []), value];
    else if (key === "ip") config.IPAMConfig = { ...config.IPAMConfig, IPv4Address: value };
    else if (key === "ip6") config.IPAMConfig = { ...config.IPAMConfig, IPv6Address: value };
    else if (key === "link-local-ip")
      config.IPAMConfig = { ...config.IPAMConfig, LinkLocalIPs: [...(config.IPAMConfig?.LinkLocalIPs ?? []), value] };
    else if (key === "mac-address") config.MacAddress = value;
    else if (key === "driver-opt") config.DriverOpts = { ...config.DriverOpts, ...Object.fromEntries([pair(value)]) };
    else if (key === "gw-priority") config.GwPriority = Number(value);
    else
      throw usage(
        `invalid --network ${text}: unknown ${key}`,
        "there are name, alias, ip, ip6, link-local-ip, mac-address, driver-opt and gw-priority",
      );
  }
  if (name === "") throw usage(`invalid --network ${text}: there is no name=`);
  return { name, config };
}
