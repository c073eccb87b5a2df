import type { Cidr, Family, Ip } from "./address.ts";
import type { Id } from "./id.ts";

/** One `IPAM.Config` entry as a person wrote it; parsed, not yet allocated. */
export interface PoolWish {
  subnet?: Cidr;
  range?: Cidr;
  gateway?: Ip;
  aux: Record<string, Ip>;
}

/** A subnet that a network holds. */
export interface Pool {
  /** What the allocator calls it; release takes only this. */
  id: string;
  family: Family;
  subnet: Cidr;
  /** Where dynamic addresses come from; the whole subnet when absent. */
  range?: Cidr;
  gateway?: Ip;
  /** Did a person choose subnet and gateway, or did we? Docker shows only what was chosen or wholly ours. */
  subnetGiven: boolean;
  gatewayGiven: boolean;
  aux: Record<string, Ip>;
}

/** What a person asks for with `network create`; every field is parsed. */
export interface NetworkSpec {
  name: string;
  driver: string;
  internal: boolean;
  attachable: boolean;
  enableIPv4: boolean;
  enableIPv6: boolean;
  ipamDriver: string;
  ipamOptions: Record<string, string>;
  pools: PoolWish[];
  options: Record<string, string>;
  labels: Record<string, string>;
}

/** Kept in the data-root store. `creating` and `removing` are intents: a start after a crash finishes the removal. */
export interface Network {
  id: Id;
  name: string;
  driver: string;
  scope: "local" | "global";
  /** RFC 3339 with nanoseconds, UTC. */
  createdAt: string;
  internal: boolean;
  attachable: boolean;
  enableIPv4: boolean;
  enableIPv6: boolean;
  ipamDriver: string;
  ipamOptions: Record<string, string>;
  pools: Pool[];
  options: Record<string, string>;
  labels: Record<string, string>;
  /** bridge, host and none: made at start, never removed by hand. */
  predefined: boolean;
  state: "creating" | "ready" | "removing";
}
