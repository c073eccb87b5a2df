import { posix } from "node:path";
import type { Container, Mount } from "../../container/types.ts";
import { NetError } from "../../model/errors.ts";

/** What its own processes may not write, nobody writes for them. @throws invalid in dockerd's words */
export function refuseReadOnly({ hostConfig }: Container, mounts: readonly Mount[], path: string): void {
  const inside = posix.resolve("/", path);
  const holds = ({ destination }: Mount) => inside === destination || inside.startsWith(`${destination}/`);
  const mount = mounts.filter(holds).toSorted((a, b) => b.destination.length - a.destination.length)[0];
  if (mount !== undefined && !mount.rw) throw new NetError("invalid", "mounted volume is marked read-only");
  if (mount === undefined && hostConfig.ReadonlyRootfs) throw new NetError("invalid", "container rootfs is marked read-only");
}
