import type { Request } from "../../../../src/kernel/netlink/message.ts";
import { encodeRequests } from "../../../../src/kernel/netlink/message.ts";

/** Bytes as `nft --debug=all` shows them: words of four. */
export function words(bytes: Uint8Array): string {
  return (
    Buffer.from(bytes)
      .toString("hex")
      .match(/.{1,8}/g) ?? []
  ).join(" ");
}

/** The message of a request with sequence number 1. */
export function wordsOf(request: Request): string {
  return words(encodeRequests([request], 1));
}

/** What stands in a golden message: the comments at its lines' ends are for people. */
export function golden(text: string): string {
  return text.replace(/#.*$/gm, "").trim().split(/\s+/).join(" ");
}

/** The body of a request, in the place where an answer has its own. */
export function bodyOf(request: Request): { body: Buffer } {
  return { body: encodeRequests([request], 1).subarray(16) };
}
