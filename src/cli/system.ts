import { createInterface } from "node:readline";
import type { EventMessage, Version } from "./api.ts";
import { API } from "./client.ts";
import { type Add, several, verb } from "./command.ts";
import type { Format } from "./print.ts";
import { ownVersion } from "./version.ts";
import { filtersText, momentArgument } from "./words.ts";

export const addSystem: Add = (parent, perform) => {
  for (const add of [addVersion, addInfo, addEvents]) add(parent, perform);
};

const addVersion: Add = (parent, perform) => {
  verb(parent, "version", "Show the versions of this program and of the daemon", [
    ["netloom version --format json", "for programs"],
  ]).action((flags: { format?: Format }) =>
    perform(flags, async ({ client, print }) => {
      const server = await client.call<Version>("GET", "/version");
      const own = { Version: ownVersion(), ApiVersion: API.slice(2), NodeVersion: process.versions.node };
      if (print.json) return print.value({ Client: own, Server: server });
      print.line(`client  netloom ${own.Version}, API ${own.ApiVersion}, Node.js ${own.NodeVersion}`);
      print.line(`server  ${server.Version}, API ${server.MinAPIVersion ?? server.ApiVersion} to ${server.ApiVersion}, at ${client.host}`);
      print.line(`        ${server.Os}/${server.Arch}, kernel ${server.KernelVersion}`);
    }),
  );
};

const addInfo: Add = (parent, perform) => {
  verb(parent, "info", "Show what the daemon has and can", [
    ["netloom info --format json | jq .DefaultAddressPools", "one part of it"],
  ]).action((flags: { format?: Format }) =>
    perform(flags, async ({ client, print }) => {
      const info = await client.call<Record<string, unknown>>("GET", "/info");
      if (print.json) return print.value(info);
      for (const [name, value] of Object.entries(info))
        if (isTelling(value)) print.line(`${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
    }),
  );
};

/** Most of docker's long answer is empty here; what is empty tells a person nothing. */
function isTelling(value: unknown): boolean {
  if (value === null || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

const addEvents: Add = (parent, perform) => {
  verb(parent, "events", "Show what happens, as it happens", [
    ["netloom events -f type=network", "who joins and leaves which network"],
    ["netloom events --since 10m --until 0s --format json", "the last ten minutes, one JSON object a line"],
  ])
    .option("-f, --filter <key=value>", "only those that fit: type, event, container, network, label (repeatable)", several)
    .option("--since <time>", "from then on: 10m (ago), or a moment")
    .option("--until <time>", "until then")
    .action((flags: { format?: Format; filter?: string[]; since?: string; until?: string }) =>
      perform(flags, async ({ client, print }) => {
        const since = flags.since === undefined ? undefined : momentArgument(flags.since);
        const until = flags.until === undefined ? undefined : momentArgument(flags.until);
        const input = await client.open("GET", "/events", { query: { since, until, filters: filtersText(flags.filter) } });
        for await (const line of createInterface({ input }))
          if (line !== "") print.line(print.json ? line : eventText(JSON.parse(line) as EventMessage));
      }),
    );
};

function eventText({ Type, Action, Actor, timeNano }: EventMessage): string {
  const attributes = Object.entries(Actor.Attributes ?? {}).map(([name, value]) => `${name}=${value}`);
  return `${new Date(timeNano / 1e6).toISOString()} ${Type} ${Action} ${Actor.ID.slice(0, 12)} (${attributes.join(", ")})`;
}
