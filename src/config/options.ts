import { type Cidr, type Ip, parseCidr, parseInterface, parseIp } from "../model/address.ts";
import { NetError } from "../model/errors.ts";

/** One setting: its flag, its key in daemon.json, how its text is read. Names are dockerd's wherever it has the feature. */
export interface Setting<T> {
  /** `-H, --host <address...>` as commander reads it. */
  flags: string;
  /** In daemon.json; absent: a flag only. */
  key?: string;
  about: string;
  /** A list may be given several times. */
  list?: true;
  /** A switch takes no value on the command line. */
  boolean?: true;
  fallback: T;
  parse(value: unknown, name: string): T;
}

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export const FIREWALLS = ["auto", "nftables", "iptables", "none"] as const;

/** Every setting of netloomd. An unknown flag or key is an error that names it. */
export const SETTINGS = {
  hosts: setting(
    "-H, --host <address>",
    "hosts",
    "where the API listens: unix:///path or tcp://address:port",
    ["unix:///run/netloom/netloom.sock"],
    texts,
  ),
  dataRoot: setting(
    "--data-root <folder>",
    "data-root",
    "what survives a reboot: networks, containers, images",
    "/var/lib/netloom",
    folder,
  ),
  execRoot: setting("--exec-root <folder>", "exec-root", "what a reboot takes anyway; best on a tmpfs", "/run/netloom", folder),
  configFile: setting("--config-file <file>", undefined, "settings as JSON", "/etc/netloom/daemon.json", folder),
  pidfile: setting("-p, --pidfile <file>", "pidfile", "where the process id is written", "/run/netloom/netloomd.pid", folder),
  debug: { ...setting("-D, --debug", "debug", "log more", false, flag), boolean: true as const },
  logLevel: setting("-l, --log-level <level>", "log-level", LOG_LEVELS.join("|"), "info" as (typeof LOG_LEVELS)[number], oneOf(LOG_LEVELS)),
  firewallBackend: setting(
    "--firewall-backend <name>",
    "firewall-backend",
    FIREWALLS.join("|"),
    "auto" as (typeof FIREWALLS)[number],
    oneOf(FIREWALLS),
  ),
  bip: setting("--bip <cidr>", "bip", "address and subnet of the default bridge", undefined as { block: Cidr; ip: Ip } | undefined, block),
  fixedCidr: setting(
    "--fixed-cidr <cidr>",
    "fixed-cidr",
    "where the default bridge's addresses come from",
    undefined as Cidr | undefined,
    cidr,
  ),
  mtu: setting("--mtu <bytes>", "mtu", "of the default bridge", 1500, whole),
  icc: setting("--icc <bool>", "icc", "may containers on the default bridge talk to each other", true, flag),
  ipMasq: setting("--ip-masq <bool>", "ip-masq", "masquerade what leaves the default bridge", true, flag),
  ip: setting("--ip <address>", "ip", "where ports of the default bridge are published", "0.0.0.0" as Ip, ip),
  dns: setting("--dns <address>", "dns", "resolvers of all containers", [] as Ip[], ips),
  dnsOptions: setting("--dns-opt <option>", "dns-opts", "resolver options of all containers", [] as string[], texts),
  dnsSearch: setting("--dns-search <domain>", "dns-search", "search domains of all containers", [] as string[], texts),
  addressPools: setting(
    "--default-address-pool <base=CIDR,size=N>",
    "default-address-pools",
    "where subnets that nobody named come from",
    [] as { base: Cidr; size: number }[],
    pools,
  ),
  labels: setting("--label <key=value>", "labels", "told by info", [] as string[], texts),
  tls: { ...setting("--tls", "tls", "serve TCP over TLS; only together with --tlsverify", false, flag), boolean: true as const },
  tlsVerify: {
    ...setting("--tlsverify", "tlsverify", "serve TCP to clients with a certificate of --tlscacert", false, flag),
    boolean: true as const,
  },
  tlsCaCert: setting("--tlscacert <file>", "tlscacert", "who signs clients' certificates", "/etc/netloom/ca.pem", folder),
  tlsCert: setting("--tlscert <file>", "tlscert", "the daemon's certificate", "/etc/netloom/server-cert.pem", folder),
  tlsKey: setting("--tlskey <file>", "tlskey", "the daemon's key", "/etc/netloom/server-key.pem", folder),
} satisfies Record<string, Setting<unknown>>;

export type Options = { [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K]["fallback"] };

function setting<T>(
  flags: string,
  key: string | undefined,
  about: string,
  fallback: T,
  parse: (value: unknown, name: string) => T,
): Setting<T> {
  const list = Array.isArray(fallback) ? { list: true as const } : {};
  return { flags, about, fallback, parse, ...(key === undefined ? {} : { key }), ...list };
}

function refuse(name: string, value: unknown, hint: string): never {
  throw new NetError("invalid", `invalid value for ${name}: ${JSON.stringify(value)}`, { hint });
}

function text(value: unknown, name: string): string {
  return typeof value === "string" ? value : refuse(name, value, "use a text");
}

function folder(value: unknown, name: string): string {
  const path = text(value, name);
  return path.startsWith("/") ? path : refuse(name, value, "use an absolute path");
}

function texts(value: unknown, name: string): string[] {
  return Array.isArray(value) ? value.map((one) => text(one, name)) : refuse(name, value, "use a list of texts");
}

/** From daemon.json a boolean, from the command line its text, or true for a switch. */
function flag(value: unknown, name: string): boolean {
  if (typeof value === "boolean") return value;
  return value === "true" || value === "1" ? true : value === "false" || value === "0" ? false : refuse(name, value, "use true or false");
}

function whole(value: unknown, name: string): number {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : refuse(name, value, "use a whole number");
}

function oneOf<T extends string>(allowed: readonly T[]) {
  return (value: unknown, name: string): T =>
    allowed.find((one) => one === value) ?? refuse(name, value, `use one of ${allowed.join(", ")}`);
}

function ip(value: unknown, name: string): Ip {
  return parseIp(text(value, name));
}

function ips(value: unknown, name: string): Ip[] {
  return texts(value, name).map((one) => ip(one, name));
}

function cidr(value: unknown, name: string): Cidr {
  return parseCidr(text(value, name), name);
}

function block(value: unknown, name: string): { block: Cidr; ip: Ip } {
  return parseInterface(text(value, name));
}

/** `base=172.30.0.0/16,size=24`, or `{"base": "172.30.0.0/16", "size": 24}`. */
function pools(value: unknown, name: string): { base: Cidr; size: number }[] {
  if (!Array.isArray(value)) refuse(name, value, "use a list");
  return (value as unknown[]).map((one) => {
    const fields: Record<string, unknown> =
      typeof one === "string"
        ? Object.fromEntries(one.split(",").map((part) => part.split("=", 2)))
        : ((one ?? {}) as Record<string, unknown>);
    return { base: cidr(fields.base, `${name} base`), size: whole(fields.size, `${name} size`) };
  });
}
