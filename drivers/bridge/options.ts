import { type Ip, tryIp } from "../../src/model/address.ts";
import { NetError } from "../../src/model/errors.ts";
import type { Id } from "../../src/model/id.ts";
import type { GatewayMode } from "../../src/model/policy.ts";

/** What a bridge network's `-o key=value` options mean, with the defaults filled in. */
export interface BridgeOptions {
  /** The device; the default network's is netloom0, others are br-<12 digits of the network id>. */
  bridge: string;
  /** Bytes; undefined keeps the kernel's 1500. */
  mtu: number | undefined;
  icc: boolean;
  masquerade: boolean;
  /** Where `-p` without an address listens. */
  hostBinding: Ip | undefined;
  mode4: GatewayMode;
  mode6: GatewayMode;
  /** The bridge gets no IPv4 address. */
  inhibit4: boolean;
  /** eth in eth0. */
  ifacePrefix: string;
}

const BRIDGE = "com.docker.network.bridge.";

/** Option -> how its text becomes a value. The short `mtu` is what people type and what Podman uses. */
const PARSERS: Record<string, (text: string, key: string, into: BridgeOptions) => void> = {
  [`${BRIDGE}name`]: (text, key, into) => {
    into.bridge = parseIfname(text, key);
  },
  [`${BRIDGE}enable_icc`]: (text, key, into) => {
    into.icc = parseBool(text, key);
  },
  [`${BRIDGE}enable_ip_masquerade`]: (text, key, into) => {
    into.masquerade = parseBool(text, key);
  },
  [`${BRIDGE}host_binding_ipv4`]: (text, key, into) => {
    into.hostBinding = tryIp(text) ?? refuse(key, text, "not an IP address");
  },
  [`${BRIDGE}gateway_mode_ipv4`]: (text, key, into) => {
    into.mode4 = parseMode(text, key);
  },
  [`${BRIDGE}gateway_mode_ipv6`]: (text, key, into) => {
    into.mode6 = parseMode(text, key);
  },
  [`${BRIDGE}inhibit_ipv4`]: (text, key, into) => {
    into.inhibit4 = parseBool(text, key);
  },
  [`${BRIDGE}default_bridge`]: (text, key) => {
    parseBool(text, key);
  },
  "com.docker.network.driver.mtu": (text, key, into) => {
    into.mtu = parseMtu(text, key);
  },
  mtu: (text, key, into) => {
    into.mtu = parseMtu(text, key);
  },
  "com.docker.network.container_iface_prefix": (text, key, into) => {
    into.ifacePrefix = parsePrefix(text, key);
  },
};

/** @throws invalid naming the option, its value and what is allowed. */
export function parseOptions(id: Id, options: Record<string, string>): BridgeOptions {
  const parsed: BridgeOptions = {
    bridge: `br-${id.slice(0, 12)}`,
    mtu: undefined,
    icc: true,
    masquerade: true,
    hostBinding: undefined,
    mode4: "nat",
    mode6: "nat",
    inhibit4: false,
    ifacePrefix: "eth",
  };
  for (const [key, text] of Object.entries(options)) {
    const parse = Object.hasOwn(PARSERS, key) ? PARSERS[key] : undefined;
    if (parse === undefined) {
      throw new NetError("invalid", `unknown option "${key}" for driver bridge`, { hint: `known are: ${Object.keys(PARSERS).join(", ")}` });
    }
    parse(text, key, parsed);
  }
  return parsed;
}

function refuse(key: string, text: string, why: string): never {
  throw new NetError("invalid", `failed to parse ${key} value: ${text} (${why})`);
}

function parseBool(text: string, key: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  return refuse(key, text, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** 68 is the least that IPv4 works with [RFC 791], 65535 what a veth takes. */
function parseMtu(text: string, key: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) refuse(key, text, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const mtu = Number(text);
  if (mtu < 0) throw new NetError("invalid", `invalid MTU number: ${mtu}`);
  if (mtu !== 0 && (mtu < 68 || mtu > 65535)) throw new NetError("invalid", `invalid MTU number: ${mtu}`, { hint: "use 68 to 65535" });
  return mtu === 0 ? undefined : mtu;
}

function parseMode(text: string, key: string): GatewayMode {
  const modes: GatewayMode[] = ["nat", "nat-unprotected", "routed", "isolated"];
  return modes.find((mode) => mode === text) ?? refuse(key, text, `unknown gateway mode ${text}`);
}

/** What the kernel takes as an interface name [net/core/dev.c dev_valid_name]. */
function parseIfname(text: string, key: string): string {
  if (!/^[^\s/:]{1,15}$/.test(text) || text === "." || text === "..") {
    refuse(key, text, "an interface name has 1 to 15 characters and no slash, colon or space");
  }
  return text;
}

function parsePrefix(text: string, key: string): string {
  return /^[a-zA-Z][a-zA-Z0-9_-]{0,10}$/.test(text) ? text : refuse(key, text, "a prefix is a letter and up to 10 more characters");
}
