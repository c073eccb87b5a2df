import { mkdtemp, readFile, rm } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { closeFd, isSystemError, mount, socketIn, socketNumbers } from "../../native/index.ts";
import { NetError } from "../model/errors.ts";
import type { Features, Netns } from "../model/kernel.ts";
import type { Namespaces } from "./namespaces.ts";
import { newLink } from "./netlink/new-link.ts";
import { createNetns, removeNetns } from "./netns.ts";
import { applyNft } from "./nft.ts";
import { failed } from "./refusal.ts";

/** [capability.h] */
const CAP_NET_ADMIN = 12n;
const KINDS = ["veth", "bridge", "macvlan", "ipvlan", "vxlan"] as const;

/** Finds what this kernel can do by trying it, in a namespace that is thrown away. */
export async function probe(spaces: Namespaces, host: Netns): Promise<Features> {
  const features: Features = {
    kernelVersion: release(),
    netAdmin: await hasNetAdmin(),
    veth: false,
    bridge: false,
    nftables: false,
    macvlan: false,
    ipvlan: false,
    vxlan: false,
    overlayfs: false,
    ipv6: await spaces.with(host, async ({ fd }) => hasIpv6(fd)),
  };
  if (!features.netAdmin) return features;
  const folder = await mkdtemp(join(tmpdir(), "netloom-probe-"));
  try {
    return { ...features, ...(await probeInside(spaces, join(folder, "netns"))), overlayfs: await hasOverlayfs(folder) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function hasNetAdmin(): Promise<boolean> {
  const status = await readFile("/proc/self/status", "utf8");
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 1n;
}

function hasIpv6(nsFd: number): boolean {
  try {
    closeFd(socketIn(nsFd, socketNumbers.AF_INET6, socketNumbers.SOCK_DGRAM, 0));
    return true;
  } catch (error) {
    if (isSystemError(error, "EAFNOSUPPORT")) return false;
    throw failed("open an IPv6 socket", error);
  }
}

async function probeInside(spaces: Namespaces, path: string): Promise<Partial<Features>> {
  const where = await createNetns(spaces, path);
  try {
    return { ...(await probeLinks(spaces, where)), nftables: await hasNftables(spaces, where) };
  } finally {
    await removeNetns(spaces, path);
  }
}

/** The kernel says EOPNOTSUPP to a kind that it does not know, and misses the parent or the VNI of one that it knows. */
async function probeLinks(spaces: Namespaces, where: Netns): Promise<Partial<Features>> {
  const requests = KINDS.map((kind) => newLink({ name: `nl-${kind}`, kind }, `ip link add nl-${kind} type ${kind}`, undefined));
  const answers = await spaces.with(where, ({ route }) => route.ask(requests));
  return Object.fromEntries(
    KINDS.map((kind, i) => {
      const name = answers[i]?.refusal?.name;
      return [kind, name !== "ENOTSUP" && name !== "EOPNOTSUPP"];
    }),
  );
}

async function hasNftables(spaces: Namespaces, where: Netns): Promise<boolean> {
  try {
    await applyNft(spaces, where, [{ verb: "table add", table: { family: "inet", name: "netloom_probe" } }]);
    return true;
  } catch (error) {
    if (error instanceof NetError && error.code === "unsupported") return false;
    throw error;
  }
}

/** An overlay without layers is EINVAL, an unknown file system ENODEV. */
async function hasOverlayfs(target: string): Promise<boolean> {
  try {
    await mount("overlay", target, "overlay", 0, "");
  } catch (error) {
    return isSystemError(error, "EINVAL");
  }
  throw new NetError("internal", `an overlay without layers was mounted at ${target}`);
}
