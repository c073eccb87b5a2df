import { readFileSync } from "node:fs";
import { type Daemon, startNetloomd } from "../support/daemon.ts";
import { here } from "./here.ts";
import { goalText, medianOf, note, type Samples, samplesTable, timedUs } from "./measure.ts";
import { insideUs, sleeper } from "./netloom.ts";

const ROUNDS = 25;

/** `network create` and `network rm`. */
export async function benchNetworks(): Promise<void> {
  await using daemon = await startNetloomd(here());
  const samples: Samples = new Map();
  for (let i = 0; i < ROUNDS; i++) {
    let inside = Number.NaN;
    const create = await timedUs(async () => {
      inside = insideUs(await daemon.api("POST", "/networks/create", { body: { Name: `bench${i}` } }));
    });
    note(samples, { "network create, inside": inside, "network create, at the client": create });
  }
  for (let i = 0; i < ROUNDS; i++)
    note(samples, { "network rm, at the client": await timedUs(() => daemon.ask("DELETE", `/networks/bench${i}`)) });
  console.log(`\n${samplesTable(samples)}`);
  console.log(goalText("network create", medianOf(samples, "network create, inside") / 1000, 10, " ms"));
}

/** Start of a container on no network, on the default one, on one that a person made, and there with a published port. */
export async function benchStart(): Promise<void> {
  await using daemon = await startNetloomd(here());
  await daemon.importAlpine();
  await daemon.ask("POST", "/networks/create", { Name: "bench" });
  const samples: Samples = new Map();
  const kinds: [string, object][] = [
    ["none", sleeper("none")],
    ["bridge", sleeper("bridge")],
    ["user-defined", sleeper("bench")],
    ["user-defined, 1 port", withPort(sleeper("bench"))],
  ];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, body] of kinds) note(samples, { [`start, ${name}`]: await startOnce(daemon, body) });
  }
  console.log(`\n${samplesTable(samples, ["start, none"])}`);
  const over = medianOf(samples, "start, user-defined") - medianOf(samples, "start, none");
  console.log(goalText("start on a user-defined network over none", over / 1000, 5, " ms"));
}

async function startOnce(daemon: Daemon, body: object): Promise<number> {
  const { Id } = await daemon.ask<{ Id: string }>("POST", "/containers/create", body);
  const us = await timedUs(() => daemon.ask("POST", `/containers/${Id}/start`));
  await daemon.ask("DELETE", `/containers/${Id}?force=1`);
  return us;
}

function withPort(body: object): object {
  return {
    ...body,
    HostConfig: { NetworkMode: "bench", PortBindings: { "80/tcp": [{ HostPort: "18080" }] } },
    ExposedPorts: { "80/tcp": {} },
  };
}

/** What the daemon holds when nobody asks it anything. */
export async function benchIdle(): Promise<void> {
  await using daemon = await startNetloomd(here());
  await daemon.ask("GET", "/info");
  const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1000;
  console.log(
    `\nRSS ${field("VmRSS").toFixed(0)} MB, ${field("RssAnon").toFixed(0)} MB of it anonymous; peak ${field("VmHWM").toFixed(0)} MB`,
  );
  console.log(goalText("an idle netloomd", field("VmRSS"), 100, " MB"));
}
