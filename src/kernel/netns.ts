import { existsSync } from "node:fs";
import { rm, statfs } from "node:fs/promises";
import { netnsBind, netnsCreate, netnsUnbind } from "../../native/index.ts";
import { NetError } from "../model/errors.ts";
import type { Netns } from "../model/kernel.ts";
import type { Namespaces } from "./namespaces.ts";
import { setLink } from "./netlink/link.ts";
import { failed, refused } from "./refusal.ts";

/** [linux/magic.h] NSFS_MAGIC */
const NSFS = 0x6e736673;
/** Always the first link of a namespace. */
const LO_INDEX = 1;

/** `ip netns add`, at a path: IPv6 off on links to come (not on lo: programs want ::1), lo up. @throws conflict when the path is taken */
export async function createNetns(spaces: Namespaces, path: string): Promise<Netns> {
  const sysctls = existsSync("/proc/sys/net/ipv6") ? ([["net/ipv6/conf/default/disable_ipv6", "1"]] as const) : [];
  await pinned(`create network namespace ${path}`, netnsCreate(path, sysctls));
  try {
    const request = setLink(LO_INDEX, { up: true });
    const [answer] = await spaces.with({ path }, ({ route }) => route.ask([request]));
    if (answer?.refusal !== undefined) throw refused(request.what, answer.refusal);
  } catch (error) {
    await removeNetns(spaces, path);
    throw error;
  }
  return { path };
}

/**
 * `ip netns attach`, at a path. The file that a pin in another mount namespace left there, seen from here as plain and empty, is replaced.
 * @throws notFound when the process is gone, conflict when the path is taken
 */
export async function adoptNetns(path: string, pid: number): Promise<Netns> {
  if (!(await isNetns(path))) await rm(path, { force: true });
  await pinned(`pin the network namespace of process ${pid} at ${path}`, netnsBind(`/proc/${pid}/ns/net`, path));
  return { path };
}

/** `ip netns del`. Absence is success. */
export async function removeNetns(spaces: Namespaces, path: string): Promise<void> {
  await spaces.drop(path);
  await pinned(`remove network namespace ${path}`, netnsUnbind(path));
}

export async function isNetns(path: string): Promise<boolean> {
  try {
    return (await statfs(path)).type === NSFS;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new NetError("internal", `look at network namespace ${path}: ${code}`, { cause: error });
  }
}

async function pinned(what: string, call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    throw failed(what, error);
  }
}
