import { API_VERSION } from "./version.ts";

/** On every answer that a route gives, whatever version its path asked for. */
export function headersOf(version: string): Record<string, string> {
  return {
    "Api-Version": API_VERSION,
    "Docker-Experimental": "false",
    Ostype: "linux",
    Server: `Netloom/${version} (linux)`,
  };
}

/** What a ping tells besides: clients choose by these before they know anything else. */
export const PING_HEADERS = {
  "Builder-Version": "1",
  "Cache-Control": "no-cache, no-store, must-revalidate",
  Pragma: "no-cache",
  Swarm: "inactive",
} as const;
