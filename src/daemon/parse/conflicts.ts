import { NetError } from "../../model/errors.ts";
import type { NetworkMode } from "./network-mode.ts";
import type { ContainerCreateBody, HostConfigBody } from "./schemas.ts";

/**
 * Options that cannot be had together: who shares a namespace shares its names, ports and files.
 * @throws invalid `conflicting options: ...`, the first that applies.
 */
export function checkConflicts(body: ContainerCreateBody, mode: NetworkMode): void {
  const host: HostConfigBody = body.HostConfig ?? {};
  const shared = mode.kind === "container";
  const some = (list: readonly unknown[] | null | undefined) => (list?.length ?? 0) > 0;
  const undefinedBehavior = "This would result in undefined behavior";
  const rules: [applies: boolean, what: string][] = [
    [!!body.Hostname && shared, "hostname and the network mode"],
    [!!body.Hostname && host.UTSMode === "host", "hostname and the UTS mode"],
    [mode.kind === "host" && some(host.Links), `host type networking can't be used with links. ${undefinedBehavior}`],
    [shared && some(host.Links), `container type network can't be used with links. ${undefinedBehavior}`],
    [shared && some(host.Dns), "dns and the network mode"],
    [shared && some(host.ExtraHosts), "custom host-to-IP mapping and the network mode"],
    [!!body.MacAddress && (shared || mode.kind === "host"), "mac-address and the network mode"],
    [
      shared && (some(Object.keys(host.PortBindings ?? {})) || !!host.PublishAllPorts),
      "port publishing and the container type network mode",
    ],
    [shared && some(Object.keys(body.ExposedPorts ?? {})), "port exposing and the container type network mode"],
  ];
  const broken = rules.find(([applies]) => applies);
  if (broken !== undefined) throw new NetError("invalid", `conflicting options: ${broken[1]}`);
}

/** One namespace cannot be both private and on a network. @throws invalid */
export function checkNetworks(mode: NetworkMode, networks: readonly string[]): void {
  if (mode.kind === "none" && networks.some((network) => network !== "none")) {
    throw new NetError("invalid", "container cannot be connected to multiple networks with one of the networks in private (none) mode");
  }
  const own = mode.kind === "host" ? "host" : undefined;
  if ((mode.kind === "host" || mode.kind === "container") && networks.some((network) => network !== own)) {
    throw new NetError(
      "invalid",
      "container sharing network namespace with another container or host cannot be connected to any other network",
    );
  }
}
