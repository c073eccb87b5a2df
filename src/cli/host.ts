import { usage } from "./failure.ts";

export const DEFAULT_HOST = "unix:///run/netloom/netloom.sock";

/** `unix:///path` or `tcp://host:port`. @throws invalid */
export function parseHost(host: string): { socketPath: string } | { host: string; port: number } {
  if (host.startsWith("unix:///")) return { socketPath: host.slice("unix://".length) };
  const [, name, port] = /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^:/[\]]+):(\d{1,5})\/?$/.exec(host) ?? [];
  if (name !== undefined && Number(port) > 0 && Number(port) < 65536) return { host: name.replace(/^\[|\]$/g, ""), port: Number(port) };
  throw usage(`invalid host ${host}`, `write unix:///path/to/socket or tcp://host:port; the default is ${DEFAULT_HOST}`);
}
