import type { Command } from "commander";
import { contains, parseInterface, tryIp } from "../model/address.ts";
import { type Add, several, verb } from "./command.ts";
import { usage } from "./failure.ts";
import type { Format } from "./print.ts";
import { pair, pairs } from "./words.ts";

interface Flags {
  format?: Format;
  driver: string;
  subnet?: string[];
  gateway?: string[];
  ipRange?: string[];
  auxAddress?: string[];
  internal?: true;
  attachable?: true;
  ipv4?: boolean;
  ipv6?: boolean;
  label?: string[];
  opt?: string[];
  ipamDriver: string;
  ipamOpt?: string[];
}

interface PoolConfig {
  Subnet: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Record<string, string>;
}

export const addNetworkCreate: Add = (parent, perform) => {
  const command = verb(parent, "create <name>", "Create a network", [
    ["netloom network create my-net", "a bridge network on the next free block of the default pools"],
    ["netloom network create --subnet 10.1.0.0/16 --gateway 10.1.0.254 --ip-range 10.1.8.0/24 lab", "its addresses chosen by you"],
    [
      "netloom network create --internal --label team=db -o com.docker.network.driver.mtu=1400 backend",
      "without a way out, with a smaller MTU",
    ],
  ]);
  addFlags(command).action((name: string, flags: Flags) =>
    perform(flags, async ({ client, print, io }) => {
      const made = await client.call<{ Id: string; Warning: string }>("POST", "/networks/create", { body: createBody(name, flags) });
      if (made.Warning) io.stderr.write(`netloom: warning: ${made.Warning}\n`);
      if (print.json) print.value(made);
      else print.line(made.Id);
    }),
  );
};

function addFlags(command: Command): Command {
  return command
    .option("-d, --driver <driver>", "what kind of network", "bridge")
    .option("--subnet <cidr>", "its addresses, as a block (repeatable: one per family)", several)
    .option("--gateway <ip>", "the address of the host's end (repeatable)", several)
    .option("--ip-range <cidr>", "give out addresses from this part of the subnet only (repeatable)", several)
    .option("--aux-address <name=ip>", "an address that is used elsewhere and never given out (repeatable)", several)
    .option("--internal", "no way to the outside")
    .option("--attachable", "let containers join by hand")
    .option("--ipv4", "give out IPv4 addresses (the default)")
    .option("--no-ipv4", "give out no IPv4 addresses")
    .option("--ipv6", "give out IPv6 addresses")
    .option("--label <name=value>", "a label (repeatable)", several)
    .option("-o, --opt <name=value>", "an option of the driver (repeatable)", several)
    .option("--ipam-driver <driver>", "who manages the addresses", "default")
    .option("--ipam-opt <name=value>", "an option of the address manager (repeatable)", several);
}

function createBody(name: string, flags: Flags): object {
  return {
    Name: name,
    Driver: flags.driver,
    IPAM: { Driver: flags.ipamDriver, Options: pairs(flags.ipamOpt), Config: pools(flags) },
    Internal: flags.internal === true,
    Attachable: flags.attachable === true,
    Options: pairs(flags.opt),
    Labels: pairs(flags.label),
    ...(flags.ipv4 === undefined ? {} : { EnableIPv4: flags.ipv4 }),
    ...(flags.ipv6 === undefined ? {} : { EnableIPv6: flags.ipv6 }),
  };
}

/** Each gateway, range and auxiliary address goes to the subnet that it lies in, since the flags do not say to which it belongs. @throws invalid */
export function pools(flags: Pick<Flags, "subnet" | "gateway" | "ipRange" | "auxAddress">): PoolConfig[] {
  const made = (flags.subnet ?? []).map((Subnet): PoolConfig => ({ Subnet }));
  for (const range of flags.ipRange ?? []) {
    const pool = poolOf(made, "--ip-range", range, range);
    if (pool.IPRange !== undefined) throw usage(`more than one --ip-range in one subnet: ${pool.IPRange} and ${range}`);
    pool.IPRange = range;
  }
  for (const gateway of flags.gateway ?? []) {
    const pool = poolOf(made, "--gateway", gateway, gateway);
    if (pool.Gateway !== undefined) throw usage(`more than one --gateway in one subnet: ${pool.Gateway} and ${gateway}`);
    pool.Gateway = gateway;
  }
  for (const word of flags.auxAddress ?? []) {
    const [name, address] = pair(word);
    const pool = poolOf(made, "--aux-address", word, address);
    pool.AuxiliaryAddresses = { ...pool.AuxiliaryAddresses, [name]: address };
  }
  return made;
}

function poolOf(made: PoolConfig[], flag: string, typed: string, address: string): PoolConfig {
  const place = address.includes("/") ? parseInterface(address).ip : tryIp(address);
  if (place === undefined) throw usage(`invalid ${flag}: ${typed}`);
  const pool = made.find(({ Subnet }) => contains(parseInterface(Subnet).block, place));
  if (pool === undefined) throw usage(`${flag} ${typed} lies in no --subnet`, "give the subnet that it belongs to with --subnet");
  return pool;
}
