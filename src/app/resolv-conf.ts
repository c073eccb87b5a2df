import { readFileSync } from "node:fs";

const PATH = "/etc/resolv.conf";
const RESOLVED = "/run/systemd/resolve/resolv.conf";

/** The file that names the host's real resolvers: systemd-resolved puts only its own stub on loopback in /etc/resolv.conf. */
export function hostResolvConf(): string {
  const servers = nameservers(PATH);
  return servers.length === 1 && servers[0] === "127.0.0.53" && nameservers(RESOLVED).length > 0 ? RESOLVED : PATH;
}

function nameservers(path: string): string[] {
  try {
    return [...readFileSync(path, "utf8").matchAll(/^\s*nameserver\s+(\S+)/gm)].flatMap((match) => match[1] ?? []);
  } catch {
    return [];
  }
}
