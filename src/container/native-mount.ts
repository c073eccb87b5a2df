import { isSystemError, mount, mountFlags, umount, umountFlags } from "../../native/index.ts";
import { NetError } from "../model/errors.ts";

const FLAGS = {
  nosuid: mountFlags.noSuid,
  nodev: mountFlags.noDev,
  noexec: mountFlags.noExec,
  ro: mountFlags.readOnly,
  bind: mountFlags.bind,
  private: mountFlags.private,
};

/** The two calls of mount(8) that containers need. */
export interface Mounter {
  /** `mount -t <type> -o <flags>,<data> <source> <target>` @throws internal */
  mount(what: { type: string; source: string; target: string; flags?: (keyof typeof FLAGS)[]; data?: string }): Promise<void>;
  /** `umount -l`: at once even when somebody is in it. What is not mounted, or not seen from this mount namespace, is no error. */
  unmount(target: string): Promise<void>;
}

export const nativeMounter: Mounter = {
  async mount({ type, source, target, flags = [], data }) {
    const bits = flags.reduce((sum, flag) => sum | FLAGS[flag], 0);
    try {
      await mount(source, target, type, bits, data ?? null);
    } catch (error) {
      throw new NetError("internal", `cannot mount ${type} at ${target}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  },
  async unmount(target) {
    try {
      await umount(target, umountFlags.detach | umountFlags.noFollow);
    } catch (error) {
      // EINVAL is the kernel's word for a folder that is no mount point.
      if (!isSystemError(error, "EINVAL", "ENOENT")) {
        throw new NetError("internal", `cannot unmount ${target}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  },
};
