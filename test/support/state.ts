import { readdirSync, readFileSync } from "node:fs";
import type { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import type { Netns } from "./netns.ts";

interface Summary {
  Id: string;
  Names: string[];
  State: string;
  Ports: unknown;
  NetworkSettings: unknown;
}

/**
 * What a daemon tells of itself and what its host has of it, one thing a line, in a steady order: networks, containers, images, volumes;
 * links, rules, pinned namespaces, mounts. What was refused, or undone, leaves all of it as it was.
 */
export async function stateOf(host: Netns, daemon: Daemon): Promise<string[]> {
  const [networks, containers, images, volumes, links, rules] = await Promise.all([
    daemon.ask<object[]>("GET", "/networks"),
    daemon.ask<Summary[]>("GET", "/containers/json?all=1"),
    daemon.ask<{ Id: string; RepoTags: string[] }[]>("GET", "/images/json"),
    daemon.ask<{ Volumes: { Name: string }[] | null }>("GET", "/volumes"),
    host.must(["ip", "-brief", "link"]),
    host.must(["/usr/sbin/nft", "--stateless", "list", "ruleset"]),
  ]);
  return [
    ...networks.map((network) => `network ${JSON.stringify(network)}`),
    ...containers.map(({ Id, Names, State, Ports, NetworkSettings }) => JSON.stringify({ Id, Names, State, Ports, NetworkSettings })),
    ...images.map(({ Id, RepoTags }) => `image ${Id} ${RepoTags.toSorted().join(" ")}`),
    ...(volumes.Volumes ?? []).map(({ Name }) => `volume ${Name}`),
    ...lines(links).map((line) => `link ${line.replaceAll(/\s+/g, " ")}`),
    ...lines(rules).map((line) => `nft ${line.trim()}`),
    ...readdirSync(`${daemon.execRoot}/netns`).map((name) => `netns ${name}`),
    ...mountsUnder(daemon).map((path) => `mount ${path}`),
  ].sort();
}

/** What came and what went; nothing, when all is well. Deleted links are taken apart in the background, so a difference counts when it stays. */
export async function changes(host: Netns, daemon: Daemon, before: string[]): Promise<string[]> {
  try {
    return await eventually(async () => {
      const after = await stateOf(host, daemon);
      const found = [...difference(after, before).map((line) => `+ ${line}`), ...difference(before, after).map((line) => `- ${line}`)];
      if (found.length > 0) throw new Error(found.join("\n"));
      return [];
    }, 2_000);
  } catch (error) {
    return [(error as Error).message];
  }
}

function difference(a: string[], b: string[]): string[] {
  return [...new Set(a).difference(new Set(b))];
}

/** As the daemon sees them: it may have a mount namespace of its own. */
function mountsUnder({ pid, dir, execRoot }: Daemon): string[] {
  const points = lines(readFileSync(`/proc/${pid}/mountinfo`, "utf8")).map((line) => line.split(" ")[4] ?? "");
  return points.filter((point) => point.startsWith(`${dir}/`) || point.startsWith(`${execRoot}/`));
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
