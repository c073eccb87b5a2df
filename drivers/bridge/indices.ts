import { NetError } from "../../src/model/errors.ts";
import type { Kernel } from "../../src/model/kernel.ts";

/** What the bridges' interface indices are: an attach by index saves the kernel's look-up by name, a whole exchange. */
export interface BridgeIndices {
  /** Runs the deed with the bridge's index; when the index turns out to be of a bridge that is gone, looks it up and runs it again. */
  use<R>(bridge: string, deed: (index: number) => Promise<R>): Promise<R>;
}

export function bridgeIndices(kernel: Pick<Kernel, "link" | "host">): BridgeIndices {
  const known = new Map<string, number>();

  async function look(bridge: string): Promise<number> {
    const link = await kernel.link(kernel.host, bridge);
    if (link === undefined) throw new NetError("notFound", `bridge ${bridge} is gone`, { hint: "restart netloomd to make it again" });
    known.set(bridge, link.index);
    return link.index;
  }

  return {
    async use(bridge, deed) {
      const index = known.get(bridge);
      if (index === undefined) return deed(await look(bridge));
      try {
        return await deed(index);
      } catch (error) {
        known.delete(bridge);
        if ((await look(bridge)) === index) throw error;
        return deed(known.get(bridge) ?? index);
      }
    },
  };
}
