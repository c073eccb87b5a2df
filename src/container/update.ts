import { NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import { checkRestartPolicy } from "./check-host.ts";
import type { Room } from "./room.ts";
import { isLive } from "./rows.ts";
import { checkResources, ociResources } from "./spec/resources.ts";
import type { HostConfig } from "./types.ts";

/** What can be changed while it runs. */
const LIMITS = [
  "CpuShares",
  "Memory",
  "NanoCpus",
  "CpuPeriod",
  "CpuQuota",
  "CpusetCpus",
  "CpusetMems",
  "MemoryReservation",
  "MemorySwap",
  "PidsLimit",
  "BlkioWeight",
];

/** Zero, empty and null mean unchanged, as clients send every member. @throws invalid, conflict */
export function updateContainer(room: Room, id: Id, wish: Partial<HostConfig>): Promise<void> {
  return room.locks.run(id, async () => {
    const row = room.rows.must(id);
    if (row.state.status === "removing" || row.state.status === "dead")
      throw new NetError("conflict", `Cannot update container ${id}: container is marked for removal and cannot be "update"`);
    const changes = Object.fromEntries(
      LIMITS.filter((name) => wish[name] !== undefined && wish[name] !== null && wish[name] !== 0 && wish[name] !== "").map((name) => [
        name,
        wish[name],
      ]),
    );
    const hostConfig: HostConfig = { ...row.hostConfig, ...changes };
    if (hostConfig.PidsLimit === -1) hostConfig.PidsLimit = null;
    const policy = wish.RestartPolicy;
    if (policy?.Name) {
      if (row.hostConfig.AutoRemove && policy.Name !== "no")
        throw new NetError("invalid", "Restart policy cannot be updated because AutoRemove is enabled for the container");
      hostConfig.RestartPolicy = { Name: policy.Name, MaximumRetryCount: policy.MaximumRetryCount ?? 0 };
    }
    checkResources(hostConfig, room.facts.cpus);
    checkRestartPolicy(hostConfig);
    if (isLive(row) && Object.keys(changes).length > 0) await room.runc.update(id, ociResources(hostConfig));
    room.rows.patch(id, { hostConfig });
  });
}
