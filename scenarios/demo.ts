import { type Daemon, startNetloomd } from "../test/support/daemon.ts";
import { DOCKER, docker } from "../test/support/docker.ts";
import { eventually } from "../test/support/eventually.ts";
import { type Host, hostNetns } from "../test/support/netns.ts";
import { type Result, ROOT, run } from "../test/support/process.ts";
import { difference, snapshot } from "../test/support/snapshot.ts";
import { drawTopology } from "./topology.ts";

// npm run demo: what netloom is for, on a host of its own, so that the machine it runs on stays as it was. Fails with the reason when
// something is not as it should be.

const startedAt = performance.now();
const PAGE = "hello from netloom";
const seen: string[] = [];

function say(text: string): void {
  console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

function detail(text: string): void {
  for (const line of text.trimEnd().split("\n")) console.log(`           ${line}`);
}

/** Shows a command as a person would type it, runs it, and expects it to succeed. */
async function shell(name: "netloom" | "docker", daemon: Daemon, ...args: string[]): Promise<string> {
  say(`$ ${name} ${args.map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word}'`)).join(" ")}`);
  return succeed(`${name} ${args[0]}`, await (name === "docker" ? docker(daemon, args) : netloom(daemon, args)));
}

function netloom(daemon: Daemon, args: readonly string[]): Promise<Result> {
  return run([process.execPath, `${ROOT}/bin/netloom.js`, "-H", daemon.host, ...args]);
}

function succeed(what: string, { status, stdout, stderr }: Result): string {
  if (status !== 0) throw new Error(`${what} ended with ${status}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

function expectThat(condition: boolean, what: string, evidence: string): void {
  if (!condition) throw new Error(`${what}; instead:\n${evidence}`);
  seen.push(what);
}

/** The docker client where there is one: the daemon is the same to both. */
const other = DOCKER === undefined ? "netloom" : "docker";

async function findEachOther(daemon: Daemon): Promise<void> {
  await shell("netloom", daemon, "network", "create", "my-net");
  await shell(
    "netloom",
    daemon,
    "run",
    "-d",
    "--name",
    "web",
    "--network",
    "my-net",
    "-p",
    "8080:80",
    "alpine",
    "httpd",
    "-f",
    "-h",
    "/www",
  );
  await shell(other, daemon, "run", "-d", "--name", "client", "--network", "my-net", "alpine", "sleep", "600");
  const ping = await shell(other, daemon, "exec", "client", "ping", "-c", "2", "-W", "2", "web");
  detail(ping);
  expectThat(/ 0% packet loss/.test(ping), "client pings web by its name", ping);
  const page = await eventually(async () => succeed("wget", await netloom(daemon, ["exec", "client", "wget", "-qO-", "http://web/"])));
  say("$ netloom exec client wget -qO- http://web/");
  detail(page);
  expectThat(page.trim() === PAGE, "client reads web's page by its name", page);
}

async function fetchFromOutside(host: Host): Promise<void> {
  const url = `http://${host.address.ipv4}:8080/`;
  say(`from outside (${host.outsideAddress.ipv4}, another namespace): wget ${url}`);
  const page = succeed("wget from outside", await host.outside.run(["timeout", "3", "/bin/busybox", "wget", "-qO-", url]));
  detail(page);
  expectThat(page.trim() === PAGE, "the published port 8080 brings web's page to another host", page);
}

async function joinLive(daemon: Daemon): Promise<void> {
  await shell(other, daemon, "run", "-d", "--name", "guest", "alpine", "sleep", "600");
  const { NetworkSettings } = await daemon.ask<{ NetworkSettings: { Networks: Record<string, { IPAddress: string }> } }>(
    "GET",
    "/containers/web/json",
  );
  const address = NetworkSettings.Networks["my-net"]?.IPAddress;
  const before = await netloom(daemon, ["exec", "guest", "timeout", "1", "wget", "-qO-", `http://${address}/`]);
  expectThat(before.status !== 0, "guest, on another network, does not reach web, not even by its address", before.stdout);
  say(`guest cannot reach ${address}: it is on another network`);
  await shell("netloom", daemon, "network", "connect", "my-net", "guest");
  const page = await shell("netloom", daemon, "exec", "guest", "wget", "-qO-", "http://web/");
  detail(page);
  expectThat(page.trim() === PAGE, "connected while it runs, guest reads web's page", page);
}

/** @returns what everything that it made has in its name */
async function story(): Promise<string[]> {
  await using host = await hostNetns();
  say("a host of its own: one network namespace, a second one outside, a wire between them");
  await using daemon = await startNetloomd(host);
  say(`netloomd serves at ${daemon.host}`);
  try {
    await daemon.importAlpine();
    say("image alpine: made of busybox, imported over the API");
    await findEachOther(daemon);
    await fetchFromOutside(host);
    await joinLive(daemon);
    say("who is where, as the API tells it:");
    detail((await drawTopology(daemon)).join("\n"));
    const containers = await daemon.ask<{ Id: string }[]>("GET", "/containers/json");
    await shell("netloom", daemon, "rm", "-f", "web", "client", "guest");
    await shell("netloom", daemon, "network", "rm", "my-net");
    return [daemon.dir, daemon.execRoot, host.path, host.outside.path, ...containers.map(({ Id }) => Id)];
  } catch (error) {
    console.error(`\nthe daemon's log:\n${daemon.log}`);
    throw error;
  }
}

try {
  const before = await snapshot();
  // Other programs, and other daemons, may live on this machine: links and rules are told apart by kind, the rest by name.
  const marks = [...(await story()), "link ", "nft ", "iptables "];
  await eventually(async () => {
    const left = difference(before, await snapshot()).filter((what) => marks.some((mark) => what.includes(mark)));
    if (left.length > 0) throw new Error(`something was left behind:\n${left.join("\n")}`);
  }, 10_000);
  seen.push("after it all, links, namespaces, rules, mounts, cgroups and processes are as they were");
  say("cleaned up\n");
  console.log(`What was seen:\n${seen.map((what) => `  - ${what}`).join("\n")}`);
  console.log(
    `\nThe same by hand: npx netloomd &   then   npx netloom --help${DOCKER === undefined ? "" : "   or   DOCKER_HOST=unix:///run/netloom/netloom.sock docker ps"}`,
  );
} catch (error) {
  console.error(`\ndemo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
