import { isSystemError, sysctlIn } from "../../native/index.ts";
import { NetError } from "../model/errors.ts";
import type { Netns } from "../model/kernel.ts";
import type { Namespaces } from "./namespaces.ts";
import { failed } from "./refusal.ts";

/** `sysctl -w KEY=VALUE` @throws notFound for a key that this kernel does not have, invalid for a value that it refuses */
export async function setSysctl(spaces: Namespaces, where: Netns, key: string, value: string): Promise<void> {
  check(key);
  try {
    await spaces.with(where, ({ fd }) => sysctlIn(fd, key, value));
  } catch (error) {
    throw failed(`sysctl -w ${key}=${value}`, error);
  }
}

/** `sysctl -n KEY`, without the line end; undefined when this kernel does not have it. */
export async function sysctl(spaces: Namespaces, where: Netns, key: string): Promise<string | undefined> {
  check(key);
  try {
    return (await spaces.with(where, ({ fd }) => sysctlIn(fd, key, null))).trimEnd();
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw failed(`sysctl -n ${key}`, error);
  }
}

/** The key becomes a path: it must stay below /proc/sys. */
function check(key: string): void {
  if (key.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw new NetError("invalid", `invalid sysctl: ${key}`, { hint: "write a path below /proc/sys, such as net/ipv4/ip_forward" });
  }
}
