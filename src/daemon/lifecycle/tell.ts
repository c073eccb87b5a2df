import type { Container, Mount } from "../../container/types.ts";
import type { Stage } from "./stage.ts";

type Teller = Pick<Stage, "events">;

/** A container's event: its labels, image and name go with it. */
export function tell({ events }: Teller, action: string, container: Container, attributes: Record<string, string> = {}): void {
  const own = { ...container.config.Labels, image: container.imageRef, name: container.name };
  events.emit({ type: "container", action, id: container.id, attributes: { ...own, ...attributes } });
}

export function tellVolume({ events }: Teller, action: string, name: string, attributes: Record<string, string> = {}): void {
  events.emit({ type: "volume", action, id: name, attributes: { ...attributes, driver: "local" } });
}

/** Told before the networks at a start and after them at an end. */
export function tellMounts(teller: Teller, action: "mount" | "unmount", container: Container, mounts: readonly Mount[]): void {
  for (const { type, name, destination, rw } of mounts) {
    if (type !== "volume" || name === undefined) continue;
    const where: Record<string, string> = action === "mount" ? { destination, propagation: "", "read/write": String(rw) } : {};
    tellVolume(teller, action, name, { container: container.id, ...where });
  }
}
