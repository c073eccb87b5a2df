import type { NetworkSummary } from "./api.ts";
import { type Add, forEach, part, plainVerb, several, verb, whole } from "./command.ts";
import { confirm } from "./confirm.ts";
import { inspectEach } from "./inspect.ts";
import { addNetworkCreate } from "./network-create.ts";
import type { Format } from "./print.ts";
import { filtersText, pairs } from "./words.ts";

export const addNetwork: Add = (parent, perform) => {
  const group = plainVerb(parent, "network", "Networks: make, show, join, leave, remove", [
    ["netloom network create my-net", "make one"],
    ["netloom network connect my-net web", "put a container on it"],
    ["netloom network inspect my-net", "see who is on it"],
  ]);
  for (const add of [addNetworkCreate, addConnect, addDisconnect, addList, addInspect, addRemove, addPrune]) add(group, perform);
};

interface ConnectFlags {
  format?: Format;
  ip?: string;
  ip6?: string;
  macAddress?: string;
  alias?: string[];
  link?: string[];
  linkLocalIp?: string[];
  driverOpt?: string[];
  gwPriority?: number;
}

const addConnect: Add = (parent, perform) => {
  verb(parent, "connect <network> <container>", "Put a container on a network, running or not", [
    ["netloom network connect my-net web", "web gets an address, and its name resolves there"],
    ["netloom network connect --ip 10.1.8.9 --alias db lab postgres", "at this address, and under a second name"],
  ])
    .option("--ip <ip>", "this IPv4 address")
    .option("--ip6 <ip>", "this IPv6 address")
    .option("--mac-address <mac>", "this MAC address")
    .option("--alias <name>", "one more name on this network (repeatable)", several)
    .option("--link <container:alias>", "a name for another container that only this one sees (repeatable)", several)
    .option("--link-local-ip <ip>", "a link-local address besides (repeatable)", several)
    .option("--driver-opt <name=value>", "an option of the driver (repeatable)", several)
    .option("--gw-priority <number>", "the network with the highest has the default route", whole)
    .action((network: string, container: string, flags: ConnectFlags) =>
      perform(flags, async ({ client, print }) => {
        await client.call("POST", `/networks/${part(network)}/connect`, {
          body: { Container: container, EndpointConfig: endpointConfig(flags) },
        });
        if (print.json) print.value({ Network: network, Container: container });
      }),
    );
};

function endpointConfig(flags: ConnectFlags): object {
  const addresses = {
    ...(flags.ip === undefined ? {} : { IPv4Address: flags.ip }),
    ...(flags.ip6 === undefined ? {} : { IPv6Address: flags.ip6 }),
    ...(flags.linkLocalIp === undefined ? {} : { LinkLocalIPs: flags.linkLocalIp }),
  };
  return {
    IPAMConfig: addresses,
    Aliases: flags.alias ?? [],
    Links: flags.link ?? null,
    DriverOpts: pairs(flags.driverOpt),
    MacAddress: flags.macAddress ?? "",
    GwPriority: flags.gwPriority ?? 0,
  };
}

const addDisconnect: Add = (parent, perform) => {
  verb(parent, "disconnect <network> <container>", "Take a container off a network", [
    ["netloom network disconnect my-net web", "its interface there goes away, the others stay"],
  ])
    .option("-f, --force", "also when the container is not there any more")
    .action((network: string, container: string, flags: { format?: Format; force?: true }) =>
      perform(flags, async ({ client, print }) => {
        const body = { Container: container, Force: flags.force === true };
        await client.call("POST", `/networks/${part(network)}/disconnect`, { body });
        if (print.json) print.value({ Network: network, Container: container });
      }),
    );
};

const addList: Add = (parent, perform) => {
  verb(parent, "ls", "List networks", [
    ["netloom network ls", "all of them"],
    ["netloom network ls -f driver=bridge -f label=team=db -q", "the ids of some"],
  ])
    .alias("list")
    .option("-f, --filter <key=value>", "only those that fit: driver, id, label, name, scope, type, dangling (repeatable)", several)
    .option("-q, --quiet", "only ids")
    .option("--no-trunc", "whole ids")
    .action((flags: { format?: Format; filter?: string[]; quiet?: true; trunc: boolean }) =>
      perform(flags, async ({ client, print }) => {
        const networks = await client.call<NetworkSummary[]>("GET", "/networks", { query: { filters: filtersText(flags.filter) } });
        const id = (network: NetworkSummary) => (flags.trunc ? network.Id.slice(0, 12) : network.Id);
        if (print.json) print.value(networks);
        else if (flags.quiet) for (const network of networks) print.line(id(network));
        else
          print.table(
            [
              { heading: "NETWORK ID", value: id },
              { heading: "NAME", value: ({ Name }) => Name },
              { heading: "DRIVER", value: ({ Driver }) => Driver },
              { heading: "SCOPE", value: ({ Scope }) => Scope },
              { heading: "SUBNETS", value: ({ IPAM }) => (IPAM.Config ?? []).map(({ Subnet }) => Subnet ?? "").join(" ") },
            ],
            networks.toSorted((a, b) => a.Name.localeCompare(b.Name)),
          );
      }),
    );
};

const addInspect: Add = (parent, perform) => {
  verb(parent, "inspect <network...>", "Show all about networks, as JSON", [
    ["netloom network inspect my-net", "its subnets, options and the containers on it"],
  ]).action((networks: string[], flags: { format?: Format }) =>
    perform(flags, (context) => inspectEach(context, networks, (network) => context.client.call("GET", `/networks/${part(network)}`))),
  );
};

const addRemove: Add = (parent, perform) => {
  verb(parent, "rm <network...>", "Remove networks that nobody is on", [
    ["netloom network rm my-net lab", "both, if no container is on them"],
  ])
    .alias("remove")
    .option("-f, --force", "it is no error when there is no such network")
    .action((networks: string[], flags: { format?: Format; force?: true }) =>
      perform(flags, (context) =>
        forEach(context, networks, (network) =>
          context.client.call("DELETE", `/networks/${part(network)}`).catch((error) => {
            if (!(flags.force && error.code === "notFound")) throw error;
          }),
        ),
      ),
    );
};

const addPrune: Add = (parent, perform) => {
  verb(parent, "prune", "Remove every network that nobody is on", [
    ["netloom network prune", "asks first"],
    ["netloom network prune -f --filter label!=keep", "asks nothing, spares some"],
  ])
    .option("-f, --force", "do not ask")
    .option("--filter <key=value>", "only those that fit: label, label!, until (repeatable)", several)
    .action((flags: { format?: Format; force?: true; filter?: string[] }) =>
      perform(flags, async ({ client, print, io }) => {
        if (!flags.force && !(await confirm(io, "Remove every network that no container is on?"))) return 1;
        const { NetworksDeleted } = await client.call<{ NetworksDeleted: string[] | null }>("POST", "/networks/prune", {
          query: { filters: filtersText(flags.filter) },
        });
        if (print.json) print.value(NetworksDeleted ?? []);
        else for (const name of NetworksDeleted ?? []) print.line(name);
        return 0;
      }),
    );
};
