import type { Ip } from "../model/address.ts";
import type { Driver } from "../model/driver.ts";
import { NetError } from "../model/errors.ts";
import type { EventLog } from "../model/event.ts";
import type { Id } from "../model/id.ts";
import type { Ipam } from "../model/ipam.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Log } from "../model/log.ts";
import type { Member } from "../model/member.ts";
import type { Dns } from "../model/name.ts";
import type { Firewall } from "../model/policy.ts";
import type { Store } from "../model/store.ts";
import type { Locks } from "./locks.ts";
import type { PortBook } from "./ports.ts";
import type { State } from "./state.ts";

/** The text files that a container reads: written in place, because they are bind-mounted by inode. */
export interface TextFiles {
  write(path: string, text: string): Promise<void>;
  /** Empty when it is not there. */
  read(path: string): Promise<string>;
}

/** What the verbs are handed. */
export interface House {
  kernel: Kernel;
  drivers: ReadonlyMap<string, Driver>;
  /** By `--ipam-driver`. */
  ipams: ReadonlyMap<string, Ipam>;
  firewall: Firewall;
  dns: Dns;
  events: EventLog;
  state: State;
  /** The store of what a person asked for: a verb that promises that it stays waits for its disk. */
  durable: Pick<Store, "flush">;
  files: TextFiles;
  locks: Locks;
  ports: PortBook;
  /** Members whose sandbox the resolver answers on: it owns their sockets, so they are made once. */
  served: Set<Id>;
  log: Log;
  /** Where namespaces are pinned: a folder below the exec-root. */
  netnsDir: string;
  /** Where a member's hosts, resolv.conf and hostname are written; below the exec-root, so it is not kept with the member. */
  filesDir(memberId: Id): string;
  /** The host's resolver configuration. */
  resolvConf: string;
  /** The daemon's own --dns settings: for members that ask for none. */
  dnsDefaults: Member["dns"];
  /** What `host-gateway` means in --add-host. */
  hostGateway(): Ip | undefined;
  /** RFC 3339 with nanoseconds. */
  now(): string;
}

/** @throws notFound with the names there are. */
export function driverOf(house: House, name: string): Driver {
  const driver = house.drivers.get(name);
  if (driver === undefined) {
    throw new NetError("notFound", `could not find plugin ${name} in v1 plugin registry: plugin not found`, {
      hint: `drivers that there are: ${[...house.drivers.keys()].join(", ")}`,
    });
  }
  return driver;
}

/** @throws notFound with the names there are. */
export function ipamOf(house: House, name: string): Ipam {
  const ipam = house.ipams.get(name);
  if (ipam === undefined) {
    throw new NetError("notFound", `could not find plugin ${name} in v1 plugin registry: plugin not found`, {
      hint: `address managers that there are: ${[...house.ipams.keys()].join(", ")}`,
    });
  }
  return ipam;
}

/** Tells the world what happened to a network, in the shape of `docker events`. */
export function tell(
  house: House,
  action: string,
  network: { id: Id; name: string; driver: string },
  attributes: Record<string, string> = {},
): void {
  house.events.emit({ type: "network", action, id: network.id, attributes: { ...attributes, name: network.name, type: network.driver } });
}
