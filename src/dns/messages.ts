import type { Code } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { DnsSockets } from "../model/kernel.ts";

/** The bare descriptors: what crosses to the thread. */
export type Fds = Pick<DnsSockets, "udpFd" | "tcpFd">;

import type { NameRecord, ResolverView } from "../model/name.ts";

/** What the handle says to the thread; each is answered by a `Reply` with its number, in order. */
export type Request =
  | { verb: "set"; records: NameRecord[] }
  | { verb: "change"; put: NameRecord[]; drop: Id[] }
  | { verb: "serve"; view: ResolverView; sockets: Fds | undefined }
  | { verb: "stop"; sandboxId: Id }
  | { verb: "close" };

export interface Envelope {
  number: number;
  request: Request;
}

/** Number 0 says that the thread is ready. */
export interface Reply {
  number: number;
  error?: { code: Code; message: string };
}
