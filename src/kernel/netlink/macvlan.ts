import type { LinkSpec } from "../../model/kernel.ts";
import type { Request } from "./message.ts";
import { IFLA, newLink } from "./new-link.ts";

/** [if_link.h] */
const IFLA_MACVLAN_MODE = 1;
const MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;

/**
 * `ip link add NAME link PARENT netns NS type macvlan mode MODE`
 * @param parent the parent's index where the request is sent
 * @param netns an open namespace, in which the link is born
 */
export function addMacvlan(link: Extract<LinkSpec, { kind: "macvlan" }>, parent: number, netns: number): Request {
  const what = `ip link add ${link.name} link ${link.parent} netns ${link.netns.path} type macvlan mode ${link.mode}`;
  return newLink(link, what, undefined, {
    beside: (w) => {
      w.u32(IFLA.link, parent);
      w.u32(IFLA.netNsFd, netns);
    },
    data: (w) => w.u32(IFLA_MACVLAN_MODE, MODES[link.mode]),
  });
}
