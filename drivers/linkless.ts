import type { Driver } from "../src/model/driver.ts";
import { NetError } from "../src/model/errors.ts";

/** A driver of which there is exactly one network, and no link to make. */
export function linkless(name: string): Driver {
  return {
    name,
    scope: "local",
    single: true,
    addressed: false,
    check(_id, _spec, others) {
      if (others.length > 0) throw new NetError("forbidden", `only one instance of "${name}" network is allowed`);
    },
    async create() {},
    async remove() {},
    async attach() {
      return { routes: [] };
    },
    async detach() {},
    preferences: () => ({ ifacePrefix: "eth" }),
    policy: () => undefined,
    endpointPolicy: () => undefined,
  };
}
