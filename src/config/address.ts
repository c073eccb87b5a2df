import { NetError } from "../model/errors.ts";

/** `unix:///run/netloom/netloom.sock` or `tcp://127.0.0.1:2376`. @throws invalid */
export function parseHost(text: string): { unix: string } | { tcp: { host: string; port: number } } {
  const path = text.match(/^(?:unix:\/\/)?(\/.+)$/)?.[1];
  if (path !== undefined) return { unix: path };
  const tcp = text.match(/^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^:/]*):(\d{1,5})\/?$/);
  const port = Number(tcp?.[2]);
  if (tcp?.[1] === undefined || port < 1 || port > 65535) {
    throw new NetError("invalid", `invalid host: ${text}`, { hint: "use unix:///path/to.sock or tcp://address:port" });
  }
  return { tcp: { host: tcp[1].replace(/^\[|\]$/g, "") || "127.0.0.1", port } };
}
