import { closeFd, netlinkOpen, netlinkTransact, openNs, socketNumbers } from "../../native/index.ts";
import { encodeBatch } from "../../src/kernel/netfilter/batch.ts";
import { batchError } from "../../src/kernel/netfilter/errors.ts";
import type { Kernel } from "../../src/model/kernel.ts";

/** Of a kernel only its nftables, in one namespace. */
export function nftKernel(path: string): Pick<Kernel, "nft" | "host"> & Disposable {
  const nsFd = openNs(path);
  const fd = netlinkOpen(nsFd, socketNumbers.NETLINK_NETFILTER);
  return {
    host: { path },
    async nft(_, batch) {
      const encoded = encodeBatch(batch);
      const error = batchError(encoded, await netlinkTransact(fd, encoded.bytes, encoded.expectedReplies, 5_000));
      if (error !== undefined) throw error;
    },
    [Symbol.dispose]() {
      closeFd(fd);
      closeFd(nsFd);
    },
  };
}
