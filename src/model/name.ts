import type { Ip } from "./address.ts";
import type { Id } from "./id.ts";
import type { DnsSockets } from "./kernel.ts";

/** The names of an endpoint on its network. */
export interface NameRecord {
  endpointId: Id;
  networkId: Id;
  /** Any of them resolves; the first answers PTR as `<name>.<network name>`. */
  names: string[];
  ipv4?: Ip;
  ipv6?: Ip;
}

/** What one sandbox may ask, and who is asked when we do not know. */
export interface ResolverView {
  sandboxId: Id;
  /** In gateway order: the first network that knows a name answers. */
  networks: { id: Id; name: string }[];
  /** Names that only this sandbox sees, from `--link other:alias`: alias -> a name on one of its networks. */
  links: Record<string, string>;
  /** `from`: the namespace out of which the query goes. Empty: nothing is forwarded. */
  upstreams: { address: Ip; port: number; from: "host" | "sandbox" }[];
  /** True when `ndots` was set by a person: then single labels are not forwarded. */
  ndotsSet: boolean;
}

/** Answers names at 127.0.0.11 of every sandbox. Records are derived: set whole or changed by what changed. */
export interface Dns {
  set(records: NameRecord[]): Promise<void>;
  change(put: NameRecord[], drop: Id[]): Promise<void>;
  /** Starts answering on a sandbox's sockets, which it owns from here on; or replaces its view when it is served already (sockets absent). */
  serve(view: ResolverView, sockets?: DnsSockets): Promise<void>;
  stop(sandboxId: Id): Promise<void>;
  /** Resolves with the reason when it ends without having been closed: then nobody's names are answered any more. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}
