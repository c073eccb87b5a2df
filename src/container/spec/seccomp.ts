import type { OciSeccomp } from "./oci.ts";

const CLONE_NEWUSER = 0x10000000;
const EPERM = 1;
const ENOSYS = 38;

/** Calls that are refused unless the container was given the capability that goes with them. */
const UNLESS: Record<string, string[]> = {
  CAP_SYS_ADMIN: [
    ...["bpf", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount", "mount_setattr", "move_mount"],
    ...["open_tree", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname", "setns", "umount", "umount2", "unshare"],
  ],
  CAP_SYS_MODULE: ["delete_module", "finit_module", "init_module"],
  CAP_SYS_BOOT: ["kexec_file_load", "kexec_load", "reboot"],
  CAP_SYS_TIME: ["clock_settime", "clock_settime64", "settimeofday", "stime"],
  CAP_SYS_RAWIO: ["ioperm", "iopl"],
  CAP_SYS_PACCT: ["acct"],
  CAP_SYS_TTY_CONFIG: ["vhangup"],
  CAP_DAC_READ_SEARCH: ["open_by_handle_at"],
  CAP_SYS_NICE: ["mbind", "set_mempolicy", "set_mempolicy_home_node"],
};

/** Calls that know no namespaces, or that nobody needs inside a container. */
const ALWAYS = [
  ...["_sysctl", "add_key", "create_module", "get_kernel_syms", "io_uring_enter", "io_uring_register", "io_uring_setup", "keyctl"],
  ...["nfsservctl", "pivot_root", "query_module", "request_key", "swapoff", "swapon", "sysfs", "uselib", "userfaultfd", "ustat"],
  ...["vm86", "vm86old"],
];

const ARCHITECTURES: Record<string, string[]> = {
  x64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
};

/**
 * A filter that refuses what opens the kernel's rarely used doors: new user namespaces, mounts, modules, keyrings, raw ports.
 * It lists what is refused, not what is allowed, so that a new libc never meets a call that we have not heard of.
 * @returns undefined on a processor whose names we do not know.
 */
export function seccompFilter(capabilities: string[], arch: string): OciSeccomp | undefined {
  const architectures = ARCHITECTURES[arch];
  if (architectures === undefined) return undefined;
  const refused = Object.entries(UNLESS).flatMap(([capability, names]) => (capabilities.includes(capability) ? [] : names));
  const syscalls: OciSeccomp["syscalls"] = [{ names: [...ALWAYS, ...refused].sort(), action: "SCMP_ACT_ERRNO", errnoRet: EPERM }];
  if (!capabilities.includes("CAP_SYS_ADMIN")) {
    const newUser = { index: 0, value: CLONE_NEWUSER, valueTwo: CLONE_NEWUSER, op: "SCMP_CMP_MASKED_EQ" };
    syscalls.push({ names: ["clone"], action: "SCMP_ACT_ERRNO", errnoRet: EPERM, args: [newUser] });
    // Its flags are behind a pointer, where a filter cannot look: without it libc falls back to clone.
    syscalls.push({ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS });
  }
  return { defaultAction: "SCMP_ACT_ALLOW", architectures, syscalls };
}
