import type { Containers, Images } from "../container/types.ts";
import type { Controller } from "../controller/types.ts";
import type { EventLog } from "../model/event.ts";
import type { Log } from "../model/log.ts";

/** Facts that /version and /info tell; gathered once by whoever starts the daemon. */
export interface DaemonInfo {
  /** Of this daemon, stable over restarts. */
  id: string;
  /** The host's name. */
  name: string;
  version: string;
  gitCommit: string;
  /** RFC 3339. */
  buildTime: string;
  /** As Go calls it: amd64, arm64. */
  arch: string;
  /** As uname(1) calls it: x86_64, aarch64. */
  machine: string;
  kernelVersion: string;
  operatingSystem: string;
  cgroupVersion: "1" | "2";
  cgroupDriver: string;
  /** What images and containers are mounted with: overlay2. */
  storageDriver: string;
  dataRoot: string;
  networkDrivers: string[];
  firewall: "nftables" | "iptables" | "none";
  addressPools: { base: string; size: number }[];
  runtime: { name: string; version: string };
  labels: string[];
  debug: boolean;
  ipv4Forwarding: boolean;
  cpus: number;
  memoryBytes: number;
}

/** Everything the face is handed. It translates; what there is to decide is decided behind these. */
export interface DaemonDeps {
  controller: Controller;
  containers: Containers;
  images: Images;
  events: EventLog;
  info: DaemonInfo;
  log: Log;
}

/** Where the API listens. TCP is served with mutual TLS only: whoever may call the API is root on this machine. */
export type Address = { unix: string } | { tcp: { host: string; port: number }; tls?: { ca: string; cert: string; key: string } };
