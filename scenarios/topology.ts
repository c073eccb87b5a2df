import type { Daemon } from "../test/support/daemon.ts";

interface Network {
  Name: string;
  Driver: string;
  IPAM: { Config: { Subnet?: string; Gateway?: string }[] | null };
  Containers: Record<string, { Name: string; MacAddress: string; IPv4Address: string }>;
}

interface Port {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}

/** Draws every network that somebody is on, with who is on it, from what the daemon tells over its API. */
export async function drawTopology(daemon: Daemon): Promise<string[]> {
  const containers = await daemon.ask<{ Names: string[]; Ports: Port[] }[]>("GET", "/containers/json");
  const ports = new Map(containers.map(({ Names, Ports }) => [Names[0]?.slice(1) ?? "", Ports]));
  const lines: string[] = [];
  for (const { Name } of await daemon.ask<{ Name: string }[]>("GET", "/networks")) {
    lines.push(...drawNetwork(await daemon.ask<Network>("GET", `/networks/${Name}`), ports));
  }
  return lines;
}

function drawNetwork({ Name, Driver, IPAM, Containers }: Network, ports: Map<string, Port[]>): string[] {
  const members = Object.values(Containers).toSorted((a, b) => a.IPv4Address.localeCompare(b.IPv4Address, "en", { numeric: true }));
  if (members.length === 0) return [];
  const width = Math.max(...members.map((member) => member.Name.length));
  const subnets = (IPAM.Config ?? []).map(({ Subnet, Gateway }) => `${Subnet}${Gateway === undefined ? "" : ` via ${Gateway}`}`).join(", ");
  return [
    `[${Name}] ${Driver} ${subnets}`,
    ...members.map((member, i) => {
      const published = (ports.get(member.Name) ?? []).filter(({ PublicPort, IP }) => PublicPort !== undefined && !IP?.includes(":"));
      const shown = published.map(({ PublicPort, PrivatePort, Type }) => `  <-- host:${PublicPort} (to ${PrivatePort}/${Type})`).join("");
      return ` ${i === members.length - 1 ? "└" : "├"}── ${member.Name.padEnd(width)}  ${member.IPv4Address.padEnd(18)} ${member.MacAddress}${shown}`;
    }),
  ];
}
