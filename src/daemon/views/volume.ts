import { sorted } from "../json.ts";
import type { Volume } from "../volumes.ts";

/** A volume; `usage` only where it was counted. */
export function volumeView(volume: Volume, usage?: { users: number; bytes: number }): object {
  return {
    CreatedAt: volume.createdAt,
    Driver: "local",
    Labels: volume.labels === null ? null : sorted(volume.labels),
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: null,
    Scope: "local",
    ...(usage && { UsageData: { RefCount: usage.users, Size: usage.bytes } }),
  };
}
