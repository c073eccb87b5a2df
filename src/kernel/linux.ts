import { NetError } from "../model/errors.ts";
import type { Features, Kernel, Netns } from "../model/kernel.ts";
import type { Log } from "../model/log.ts";
import { addLink, apply } from "./apply.ts";
import { discards } from "./discard.ts";
import { dnsSockets } from "./dns-sockets.ts";
import { holdPort } from "./hold-port.ts";
import { namespaces } from "./namespaces.ts";
import { adoptNetns, createNetns, isNetns, removeNetns } from "./netns.ts";
import { applyNft } from "./nft.ts";
import { linkPlugs } from "./plug-link.ts";
import { probe } from "./probe.ts";
import { addresses, defaultRoutes, link, links, routes } from "./queries.ts";
import { setSysctl, sysctl } from "./sysctl.ts";
import { flushUdpFlows } from "./udp-flows.ts";
import { linkWaits } from "./wait-up.ts";

export interface LinuxKernelOptions {
  /** The namespace that is the host; default: the one in which this process was started. */
  host?: string;
  log?: Log;
}

/**
 * The real kernel, over netlink. Nothing that may wait runs on the calling thread.
 * @throws forbidden without CAP_NET_ADMIN, unsupported where there are no veth links
 */
export async function linuxKernel({ host: path = "/proc/self/ns/net", log }: LinuxKernelOptions = {}): Promise<Kernel> {
  const host: Netns = { path };
  const spaces = namespaces();
  const waits = linkWaits(spaces);
  const plugs = linkPlugs(spaces);
  const retired = discards(spaces, log);
  const found = await probe(spaces, host).then(usable).catch(closing);

  async function closing(error: unknown): Promise<never> {
    await spaces.close();
    throw error;
  }

  return {
    host,
    features: async () => found,
    createNetns: (at) => createNetns(spaces, at),
    adoptNetns,
    removeNetns: (at) => removeNetns(spaces, at),
    isNetns,
    apply: (where, changes) => apply(spaces, where, changes),
    addLink: (where, spec) => addLink(spaces, where, spec),
    plugLink: plugs.plug,
    link: (where, name) => link(spaces, where, name),
    links: (where) => links(spaces, where),
    addresses: (where, name) => addresses(spaces, where, name),
    routes: (where) => routes(spaces, where),
    defaultRoutes: (where) => defaultRoutes(spaces, where),
    waitUp: waits.waitUp,
    discardLink: retired.discard,
    setSysctl: (where, key, value) => setSysctl(spaces, where, key, value),
    sysctl: (where, key) => sysctl(spaces, where, key),
    nft: (where, batch) => applyNft(spaces, where, batch),
    holdPort: (protocol, ip, port) => holdPort(spaces, host, protocol, ip, port),
    dnsSockets: (where) => dnsSockets(spaces, where, found.nftables),
    flushUdpFlows: (ports) => flushUdpFlows(spaces, host, ports),
    settle: retired.settle,
    async close() {
      try {
        await retired.settle();
      } finally {
        await spaces.close();
      }
    },
  };
}

/** What a kernel must have for any network at all. @throws forbidden without CAP_NET_ADMIN, unsupported without veth */
export function usable(features: Features): Features {
  if (!features.netAdmin) {
    throw new NetError("forbidden", "container networks need the capability CAP_NET_ADMIN", {
      hint: "run it as root, or in a user namespace of its own",
    });
  }
  if (!features.veth) {
    throw new NetError("unsupported", "this kernel has no veth links", { hint: "load the module veth, or enable CONFIG_VETH" });
  }
  return features;
}
