import { NetError } from "../../model/errors.ts";
import type { OciCapabilities } from "./oci.ts";

/** In the order of their bits in the kernel's masks ([linux/capability.h]). */
const BITS = [
  ...["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE"],
  ...["NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT"],
  ...["SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE"],
  ...["AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ"],
  ...["PERFMON", "BPF", "CHECKPOINT_RESTORE"],
];

/** What an unprivileged container has. */
const DEFAULT = [
  ...["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP"],
  ...["NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"],
];

/** The names in a mask such as `CapBnd` of proc(5): `000001ffffffffff`. */
export function capabilitiesOf(hexMask: string): string[] {
  const mask = BigInt(`0x${hexMask}`);
  return BITS.filter((_, bit) => mask & (1n << BigInt(bit))).map((name) => `CAP_${name}`);
}

/** `net_admin`, `CAP_NET_ADMIN` and `ALL` in their canonical form. @throws invalid `invalid CapAdd: unknown capability: "X"` */
export function capabilityName(text: string, member: "CapAdd" | "CapDrop"): string {
  const name = text.toUpperCase().replace(/^CAP_/, "");
  if (name === "ALL") return "ALL";
  if (!BITS.includes(name)) throw new NetError("invalid", `invalid ${member}: unknown capability: "${text}"`);
  return `CAP_${name}`;
}

/** `ours` is what this process may hand on; a runtime that is asked for more fails. */
export function capabilitySet(wish: { add: string[]; drop: string[]; privileged: boolean }, ours: string[]): string[] {
  if (wish.privileged) return ours;
  const drop = wish.drop.map((text) => capabilityName(text, "CapDrop"));
  const add = wish.add.map((text) => capabilityName(text, "CapAdd"));
  const base = add.includes("ALL") ? ours : drop.includes("ALL") ? [] : DEFAULT.map((name) => `CAP_${name}`);
  const wanted = new Set([...base.filter((name) => !drop.includes(name)), ...add]);
  return ours.filter((name) => wanted.has(name));
}

/** A process that is not root has them in its bounding set only, as after execve(2) of an ordinary file. */
export function ociCapabilities(names: string[], uid: number): OciCapabilities {
  const held = uid === 0 ? names : [];
  return { bounding: names, effective: held, permitted: held };
}
