import { NetError } from "../../model/errors.ts";
import type { Network } from "../../model/network.ts";
import type { Filters } from "../filters.ts";
import { nanosOf } from "../go-time.ts";
import { parseEndpointWish } from "../parse/endpoint-wish.ts";
import type { EndpointSettings } from "../parse/schemas.ts";
import type { Stage } from "./stage.ts";

/** Puts a container on a network: at once when it runs, else when it starts. */
export async function connect(stage: Stage, network: string, ref: string, settings: EndpointSettings | null | undefined): Promise<void> {
  const { id } = stage.containers.find(ref);
  const { name } = stage.controller.findNetwork(network);
  const wish = parseEndpointWish(settings);
  await stage.lock(id, () => stage.controller.connect(name, id, wish));
}

/** With `force` also a container that is not there any more is taken off: by the name that its endpoint still has. */
export async function disconnect(stage: Stage, network: string, ref: string, options: { force: boolean }): Promise<void> {
  const id = memberId(stage, network, ref, options.force);
  await stage.lock(id, () => stage.controller.disconnect(network, id, options));
}

function memberId(stage: Stage, network: string, ref: string, force: boolean): string {
  try {
    return stage.containers.find(ref).id;
  } catch (error) {
    const left = force
      ? stage.controller.view(network).endpoints.find(({ member }) => member.name === ref || member.id === ref)
      : undefined;
    if (left !== undefined) return left.member.id;
    throw error;
  }
}

/** Removes every network that nobody is on. @returns their names */
export async function pruneNetworks(stage: Stage, filters: Filters): Promise<string[]> {
  const until = filters.until();
  const deleted: string[] = [];
  for (const network of stage.controller.networks()) {
    if (network.predefined || !filters.labels(network.labels) || isYounger(network, until)) continue;
    if (stage.controller.view(network.id).endpoints.length > 0) continue;
    try {
      await stage.controller.removeNetwork(network.id);
      deleted.push(network.name);
    } catch (error) {
      // Somebody joined it, or removed it, since we looked.
      if (!(error instanceof NetError && (error.code === "forbidden" || error.code === "notFound"))) throw error;
    }
  }
  stage.events.emit({ type: "network", action: "prune", id: "", attributes: { reclaimed: "0" } });
  return deleted;
}

function isYounger(network: Network, until: bigint | undefined): boolean {
  return until !== undefined && (nanosOf(network.createdAt) ?? 0n) > until;
}
