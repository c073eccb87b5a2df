import type { LinkSpec } from "../../model/kernel.ts";
import type { Request } from "./message.ts";
import { newLink } from "./new-link.ts";

/** `ip link add NAME [address MAC] [mtu M] type bridge` */
export function addBridge(link: Extract<LinkSpec, { kind: "bridge" }>, master?: number): Request {
  return newLink(link, `ip link add ${link.name} type bridge`, master);
}
