import type { Netns } from "../model/kernel.ts";
import type { NftBatch } from "../model/nft.ts";
import type { Namespaces } from "./namespaces.ts";
import { encodeBatch } from "./netfilter/batch.ts";
import { batchError } from "./netfilter/errors.ts";

/** `nft -f`: all commands or none. @throws NetError naming the first command that was refused */
export async function applyNft(spaces: Namespaces, where: Netns, batch: NftBatch): Promise<void> {
  if (batch.length === 0) return;
  const encoded = encodeBatch(batch);
  const replies = await spaces.with(where, ({ netfilter }) => netfilter.exchange(encoded.bytes, encoded.expectedReplies));
  const error = batchError(encoded, replies);
  if (error !== undefined) throw error;
}
