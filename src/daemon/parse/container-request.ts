import type { ContainerConfig, HostConfig } from "../../container/types.ts";
import { type Ip, parseIp, parseMac } from "../../model/address.ts";
import type { EndpointWish, PortWish } from "../../model/endpoint.ts";
import { NetError, wrap } from "../../model/errors.ts";
import type { Member } from "../../model/member.ts";
import { checkConflicts, checkNetworks } from "./conflicts.ts";
import { emptyWish, parseEndpointWish, parseLink } from "./endpoint-wish.ts";
import { type NetworkMode, parseNetworkMode, primaryNetwork } from "./network-mode.ts";
import { parsePortBindings, parsePortKey } from "./ports.ts";
import type { ContainerCreateBody, HostConfigBody } from "./schemas.ts";

/** The body of `container create`, read: what runs, how it runs, and which networks it wants to be on. */
export interface ContainerRequest {
  config: Partial<ContainerConfig> & { Image: string };
  hostConfig: Partial<HostConfig>;
  mode: NetworkMode;
  wishes: Member["wishes"];
  /** Published by name; `-P` adds what the image exposes once that is known. */
  ports: PortWish[];
  dns: Member["dns"];
  extraHosts: Member["extraHosts"];
  /** Targets of `--link`, which must be containers. */
  linked: string[];
}

/** @throws invalid for everything that can be told without looking at images, networks and other containers. */
export function parseContainerRequest(body: ContainerCreateBody | undefined): ContainerRequest {
  if (body === undefined || Object.keys(body).length === 0)
    throw new NetError("invalid", "config cannot be empty in order to create a container");
  const host: HostConfigBody = body.HostConfig ?? {};
  const mode = parseNetworkMode(host.NetworkMode);
  checkConflicts(body, mode);
  const links = (host.Links ?? []).map(parseLink);
  const wishes = wishesOf(body, mode, links);
  checkNetworks(
    mode,
    wishes.map((wish) => wish.network),
  );
  for (const key of Object.keys(body.ExposedPorts ?? {})) parsePortKey(key);
  return {
    config: configOf(body),
    hostConfig: present(host) as Partial<HostConfig>,
    mode,
    wishes,
    ports: parsePortBindings(host.PortBindings),
    dns: { servers: (host.Dns ?? []).map(parseIp), search: host.DnsSearch ?? [], options: host.DnsOptions ?? [] },
    extraHosts: (host.ExtraHosts ?? []).map(parseExtraHost),
    linked: links.map((link) => link.target),
  };
}

/** Without the members that are null: for Go, and so for every client, null is absent. */
export function present<T extends object>(body: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== undefined)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };
}

function configOf(body: ContainerCreateBody): ContainerRequest["config"] {
  const { HostConfig: _, NetworkingConfig: __, MacAddress: ___, ...config } = present(body);
  const words = (command: string | string[] | undefined) => (typeof command === "string" ? [command] : command);
  const { Cmd, Entrypoint, ExposedPorts, Volumes, ...rest } = config;
  const cmd = words(Cmd);
  const entrypoint = words(Entrypoint);
  return {
    ...rest,
    Image: body.Image ?? "",
    ...(cmd && { Cmd: cmd }),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(ExposedPorts && { ExposedPorts: ExposedPorts as Record<string, object> }),
    ...(Volumes && { Volumes: Volumes as Record<string, object> }),
  };
}

/** Legs in the order in which their interfaces are made: the network of the mode first, then as written. */
function wishesOf(body: ContainerCreateBody, mode: NetworkMode, links: EndpointWish["links"]): Member["wishes"] {
  const primary = primaryNetwork(mode);
  const written = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {}).map(([name, settings]) => {
    const network = name === "default" ? "bridge" : name;
    try {
      return { network, wish: parseEndpointWish(settings) };
    } catch (error) {
      throw wrap(`invalid config for network ${network}`, error);
    }
  });
  if (written.length === 0 && primary !== undefined) written.push({ network: primary, wish: emptyWish() });
  written.sort((a, b) => Number(b.network === primary) - Number(a.network === primary));
  const first = written[0];
  if (first === undefined) return written;
  first.wish.links.push(...links);
  // Before API 1.44 an address was asked for the container; it is meant for its first leg.
  if (body.MacAddress && first.wish.mac === undefined) first.wish.mac = parseMac(body.MacAddress);
  return written;
}

/** `name:address` or `name=address`. @throws invalid */
function parseExtraHost(text: string): { name: string; ip: Ip | "host-gateway" } {
  const [, name, address] = /^([^:=]+)[:=](.+)$/.exec(text) ?? [];
  if (name === undefined || address === undefined) throw new NetError("invalid", `bad format for add-host: ${JSON.stringify(text)}`);
  if (address === "host-gateway") return { name, ip: address };
  try {
    return { name, ip: parseIp(address.replace(/^\[(.*)\]$/, "$1")) };
  } catch (error) {
    throw new NetError("invalid", `invalid IP address in add-host: ${JSON.stringify(address)}`, { cause: error });
  }
}
