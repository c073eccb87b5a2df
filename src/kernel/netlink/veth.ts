import type { LinkSpec } from "../../model/kernel.ts";
import type { Request } from "./message.ts";
import { IFLA, ifinfomsg, newLink, writeIdentity } from "./new-link.ts";

/** [veth.h] */
const VETH_INFO_PEER = 1;

/**
 * `ip link add NAME [master BR] [up] type veth peer name PEER netns NS`: the peer's own ifinfomsg and attributes are inside the data, its
 * namespace too, so that it is born there; moving it later would cost RCU grace periods.
 * @param peerNetns an open namespace
 */
export function addVeth(link: Extract<LinkSpec, { kind: "veth" }>, peerNetns: number, master?: number): Request {
  const { peer } = link;
  return newLink(link, `ip link add ${link.name} type veth peer name ${peer.name} netns ${peer.netns.path}`, master, {
    data: (w) =>
      w.nest(VETH_INFO_PEER, () => {
        w.header(ifinfomsg(peer.index ?? 0));
        writeIdentity(w, peer);
        w.u32(IFLA.netNsFd, peerNetns);
      }),
  });
}
