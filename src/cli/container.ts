import type { ContainerSummary } from "./api.ts";
import { type Add, forEach, part, several, verb, whole } from "./command.ts";
import { portsText } from "./ports.ts";
import type { Format } from "./print.ts";
import { agoText, filtersText } from "./words.ts";

/** The verbs on containers that exist. */
export const addContainers: Add = (parent, perform) => {
  for (const add of [addList, addStart, addStop, addKill, addRemove]) add(parent, perform);
};

interface ListFlags {
  format?: Format;
  all?: true;
  quiet?: true;
  filter?: string[];
  last?: number;
  trunc: boolean;
}

const addList: Add = (parent, perform) => {
  verb(parent, "ps", "List containers, with the networks they are on", [
    ["netloom ps", "those that run"],
    ["netloom ps -a -f network=my-net", "all on one network"],
    ["netloom rm -f $(netloom ps -aq)", "the end of everything"],
  ])
    .option("-a, --all", "also those that do not run")
    .option("-q, --quiet", "only ids")
    .option("-n, --last <number>", "the newest, in any state", whole)
    .option("-f, --filter <key=value>", "only those that fit: name, status, network, label, ... (repeatable)", several)
    .option("--no-trunc", "whole ids and commands")
    .action((flags: ListFlags) =>
      perform(flags, async ({ client, print }) => {
        const query = { all: flags.all, limit: flags.last, filters: filtersText(flags.filter) };
        const containers = await client.call<ContainerSummary[]>("GET", "/containers/json", { query });
        if (print.json) print.value(containers);
        else if (flags.quiet) for (const { Id } of containers) print.line(flags.trunc ? Id.slice(0, 12) : Id);
        else print.table(columns(flags.trunc), containers);
      }),
    );
};

function columns(trunc: boolean) {
  const cut = (text: string, length: number) => (trunc && text.length > length ? `${text.slice(0, length - 1)}…` : text);
  return [
    { heading: "CONTAINER ID", value: ({ Id }: ContainerSummary) => (trunc ? Id.slice(0, 12) : Id) },
    { heading: "IMAGE", value: ({ Image }: ContainerSummary) => Image },
    { heading: "COMMAND", value: ({ Command }: ContainerSummary) => `"${cut(Command, 20)}"` },
    { heading: "CREATED", value: ({ Created }: ContainerSummary) => agoText(Created) },
    { heading: "STATUS", value: ({ Status }: ContainerSummary) => Status },
    { heading: "PORTS", value: ({ Ports }: ContainerSummary) => portsText(Ports) },
    { heading: "NETWORKS", value: networksText },
    { heading: "NAMES", value: ({ Names }: ContainerSummary) => Names.map((name) => name.replace(/^\//, "")).join(",") },
  ];
}

function networksText({ NetworkSettings }: ContainerSummary): string {
  const networks = Object.entries(NetworkSettings?.Networks ?? {});
  return networks.map(([name, { IPAddress, GlobalIPv6Address }]) => `${name} ${IPAddress || GlobalIPv6Address}`.trim()).join(", ");
}

const addStart: Add = (parent, perform) => {
  verb(parent, "start <container...>", "Start containers again", [["netloom start web db", "both, on the networks they were on"]]).action(
    (containers: string[], flags: { format?: Format }) =>
      perform(flags, (context) =>
        forEach(context, containers, (container) => context.client.call("POST", `/containers/${part(container)}/start`)),
      ),
  );
};

const addStop: Add = (parent, perform) => {
  verb(parent, "stop <container...>", "Ask containers to end, and end them when they do not", [
    ["netloom stop -t 2 web", "after at most 2 seconds"],
  ])
    .option("-t, --timeout <seconds>", "how long they have", whole)
    .option("-s, --signal <signal>", "ask with this signal")
    .action((containers: string[], flags: { format?: Format; timeout?: number; signal?: string }) =>
      perform(flags, (context) =>
        forEach(context, containers, (container) =>
          context.client.call("POST", `/containers/${part(container)}/stop`, {
            query: { t: flags.timeout, signal: flags.signal },
          }),
        ),
      ),
    );
};

const addKill: Add = (parent, perform) => {
  verb(parent, "kill <container...>", "Send containers a signal", [
    ["netloom kill web", "end it now (SIGKILL)"],
    ["netloom kill -s HUP web", "let it read its configuration again"],
  ])
    .option("-s, --signal <signal>", "which signal", "KILL")
    .action((containers: string[], flags: { format?: Format; signal: string }) =>
      perform(flags, (context) =>
        forEach(context, containers, (container) =>
          context.client.call("POST", `/containers/${part(container)}/kill`, { query: { signal: flags.signal } }),
        ),
      ),
    );
};

const addRemove: Add = (parent, perform) => {
  verb(parent, "rm <container...>", "Remove containers", [["netloom rm -f web", "also while it runs"]])
    .alias("remove")
    .option("-f, --force", "end it first, and be content when there is none")
    .option("-v, --volumes", "with its volumes that have no name")
    .action((containers: string[], flags: { format?: Format; force?: true; volumes?: true }) =>
      perform(flags, (context) =>
        forEach(context, containers, (container) =>
          context.client
            .call("DELETE", `/containers/${part(container)}`, { query: { force: flags.force, v: flags.volumes } })
            .catch((error) => {
              if (!(flags.force && error.code === "notFound")) throw error;
            }),
        ),
      ),
    );
};
