import type { NetworkSpec } from "../model/network.ts";
import type { Options } from "./options.ts";

const BRIDGE = "com.docker.network.bridge.";

/** bridge, host and none as the daemon's options want them. */
export function defaultNetworks(options: Options): NetworkSpec[] {
  return [
    linkless("none", "null"),
    linkless("host", "host"),
    {
      ...linkless("bridge", "bridge"),
      pools: bridgePools(options),
      options: {
        [`${BRIDGE}default_bridge`]: "true",
        [`${BRIDGE}enable_icc`]: String(options.icc),
        [`${BRIDGE}enable_ip_masquerade`]: String(options.ipMasq),
        [`${BRIDGE}host_binding_ipv4`]: options.ip,
        [`${BRIDGE}name`]: "netloom0",
        "com.docker.network.driver.mtu": String(options.mtu),
      },
    },
  ];
}

function bridgePools({ bip, fixedCidr }: Options): NetworkSpec["pools"] {
  if (bip === undefined && fixedCidr === undefined) return [];
  const subnet = bip?.block ?? fixedCidr;
  return [
    {
      ...(subnet === undefined ? {} : { subnet }),
      ...(fixedCidr === undefined ? {} : { range: fixedCidr }),
      ...(bip === undefined ? {} : { gateway: bip.ip }),
      aux: {},
    },
  ];
}

function linkless(name: string, driver: string): NetworkSpec {
  return {
    name,
    driver,
    internal: false,
    attachable: false,
    enableIPv4: true,
    enableIPv6: false,
    ipamDriver: "default",
    ipamOptions: {},
    pools: [],
    options: {},
    labels: {},
  };
}
