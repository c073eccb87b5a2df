/** `HostConfig.NetworkMode`, read: networks by name, the host's namespace, no network, or another container's namespace. */
export type NetworkMode = { kind: "network"; name: string } | { kind: "host" } | { kind: "none" } | { kind: "container"; ref: string };

/** `default` and nothing mean the default bridge. */
export function parseNetworkMode(text: string | null | undefined): NetworkMode {
  if (!text || text === "default") return { kind: "network", name: "bridge" };
  if (text === "host") return { kind: "host" };
  if (text === "none") return { kind: "none" };
  if (text.startsWith("container:")) return { kind: "container", ref: text.slice("container:".length) };
  return { kind: "network", name: text };
}

/** The network of predefined modes and the named one; a shared namespace has none of its own. */
export function primaryNetwork(mode: NetworkMode): string | undefined {
  if (mode.kind === "container") return undefined;
  return mode.kind === "network" ? mode.name : mode.kind;
}
