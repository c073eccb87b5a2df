import { type Cidr, type Family, prefixOf } from "../model/address.ts";
import type { Attachment } from "../model/driver.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { NetError } from "../model/errors.ts";
import type { Change, Kernel, Netns } from "../model/kernel.ts";
import type { Network } from "../model/network.ts";
import { type Gateways, gatewayIp } from "./gateway.ts";

/** A link that is not up by then never will be. */
const UP_TIMEOUT_MS = 10_000;

const IPV6_OFF = "net/ipv6/conf/default/disable_ipv6";

/** What a leg turned out to be. */
export type Plugged = Pick<Endpoint, "ifindex" | "hostIfname" | "hostIfindex">;

const NOBODY: Gateways = { ipv4: undefined, ipv6: undefined };

const DEFAULT: Record<Family, Cidr> = { 4: "0.0.0.0/0" as Cidr, 6: "::/0" as Cidr };

/**
 * Makes the link and what the sandbox needs of it, the same for every driver: addresses, up, routes, in one exchange; and waits until packets
 * pass. `before` and `after` say whether the default routes move to this endpoint. @returns what was made, absent where there is no link
 */
export async function plug(
  kernel: Kernel,
  sandbox: Netns,
  wanted: { attachment: Attachment; endpoint: Endpoint; network: Network },
  before: Gateways,
  after: Gateways,
): Promise<Plugged> {
  const { attachment, endpoint, network } = wanted;
  const inside = (dev: number): Change[] => [
    ...addresses(endpoint, network, dev),
    { verb: "link set", dev, up: true },
    ...attachment.routes.map((route): Change => ({ verb: "route add", dev, ...route })),
    ...moveDefault(4, before.ipv4, after.ipv4, endpoint, dev),
    ...moveDefault(6, before.ipv6, after.ipv6, endpoint, dev),
  ];
  if (attachment.make === undefined) {
    const { ifindex } = attachment;
    if (ifindex === undefined) return {};
    await kernel.apply(sandbox, inside(ifindex));
    return { ifindex };
  }
  const { link } = attachment.make;
  const request = { ...attachment.make, inside };
  const made = await withIPv6(kernel, sandbox, endpoint.ipv6 !== undefined, () => kernel.plugLink(kernel.host, request));
  // Until it is operationally up packets are lost: its queue starts when the carrier is noticed, not when it is set up.
  if (!made.up) await kernel.waitUp(kernel.host, link.name, UP_TIMEOUT_MS);
  return { ifindex: made.peerIndex, hostIfname: link.name, hostIfindex: made.index };
}

/** IPv6 is off by default in a sandbox, and a link takes over what is the default when it is born: on for one that is to have an address of it. */
async function withIPv6<R>(kernel: Kernel, sandbox: Netns, wanted: boolean, deed: () => Promise<R>): Promise<R> {
  if (!wanted) return deed();
  await kernel.setSysctl(sandbox, IPV6_OFF, "0");
  try {
    return await deed();
  } finally {
    await kernel.setSysctl(sandbox, IPV6_OFF, "1");
  }
}

/**
 * Takes a leg out of a sandbox that goes on living, in one batch: down, so that its routes go at once; another name, so that its own is free
 * while the link is deleted in the background; the default routes that it carried to whoever carries them now. A sandbox or a link that is
 * gone, and a route that is there already, is success.
 */
export async function unplug(kernel: Kernel, sandbox: Netns, gone: Endpoint, heirs: Gateways = NOBODY): Promise<void> {
  // By index alone: its name may be that of another link, which was there before it.
  const dev = gone.ifindex;
  if (dev === undefined) return;
  try {
    await kernel.apply(sandbox, [
      { verb: "link set", dev, up: false },
      { verb: "link set", dev, name: `gone${gone.id.slice(0, 8)}` },
      ...inherit(4, heirs.ipv4),
      ...inherit(6, heirs.ipv6),
    ]);
  } catch (error) {
    if (!(error instanceof NetError && ["notFound", "conflict"].includes(error.code))) throw error;
  }
}

function inherit(family: Family, heir: Endpoint | undefined): Change[] {
  const via = heir === undefined ? undefined : gatewayIp(heir, family);
  const dev = heir?.ifindex;
  return via === undefined || dev === undefined ? [] : [{ verb: "route add", to: DEFAULT[family], dev, via }];
}

/** Gives a sandbox the default routes that it should have and has not: after a leg that carried them went, or failed to come. */
export async function ensureDefaults(kernel: Kernel, sandbox: Netns, wanted: Gateways): Promise<void> {
  if (!(await kernel.isNetns(sandbox.path))) return;
  const present = new Set(await kernel.defaultRoutes(sandbox));
  const changes = ([4, 6] as const).flatMap((family): Change[] => {
    const carrier = family === 4 ? wanted.ipv4 : wanted.ipv6;
    const via = carrier === undefined ? undefined : gatewayIp(carrier, family);
    if (carrier?.ifname === undefined || via === undefined || present.has(via)) return [];
    return [{ verb: "route add", to: DEFAULT[family], dev: carrier.ifname, via }];
  });
  if (changes.length > 0) await kernel.apply(sandbox, changes);
}

function addresses(endpoint: Endpoint, network: Network, dev: number): Change[] {
  return network.pools.flatMap((pool): Change[] => {
    const address = pool.family === 4 ? endpoint.ipv4 : endpoint.ipv6;
    return address === undefined ? [] : [{ verb: "addr add", dev, address, prefix: prefixOf(pool.subnet) }];
  });
}

function moveDefault(family: Family, before: Endpoint | undefined, after: Endpoint | undefined, mine: Endpoint, dev: number): Change[] {
  const via = gatewayIp(mine, family);
  if (after?.id !== mine.id || via === undefined) return [];
  const old = before === undefined ? undefined : gatewayIp(before, family);
  const leave: Change[] = old === undefined ? [] : [{ verb: "route del", to: DEFAULT[family], via: old }];
  return [...leave, { verb: "route add", to: DEFAULT[family], dev, via }];
}
