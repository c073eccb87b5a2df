import { join } from "node:path";
import type { Container, ContainerPlaces } from "../../container/types.ts";
import type { Member } from "../../model/member.ts";
import type { DaemonDeps } from "../types.ts";
import { configView, hostConfigView, mountView, stateView } from "./container-parts.ts";
import { endpointView, type Leg, legsOf } from "./endpoint.ts";
import { portMap } from "./ports.ts";

/** GET /containers/{id}/json. */
export function containerInspect(deps: DaemonDeps, container: Container, size?: { rw: number; rootFs: number }): object {
  const { containers, info } = deps;
  const dir = containers.filesDir(container.id);
  const places = containers.places(container.id);
  const execs = containers.execIds(container.id);
  return {
    Id: container.id,
    Created: container.createdAt,
    Path: container.path,
    Args: container.args,
    State: stateView(container),
    Image: container.imageId,
    ResolvConfPath: join(dir, "resolv.conf"),
    HostnamePath: join(dir, "hostname"),
    HostsPath: join(dir, "hosts"),
    LogPath: places.log ?? "",
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: info.storageDriver,
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: execs.length > 0 ? execs : null,
    HostConfig: hostConfigView(container.hostConfig),
    GraphDriver: { Data: layersOf(container, places), Name: info.storageDriver },
    ...(size && { SizeRw: size.rw, SizeRootFs: size.rootFs }),
    Mounts: containers.mounts(container.id).map(mountView),
    Config: configView(container.config, macOf(deps, container)),
    NetworkSettings: networkSettings(deps, container),
  };
}

function layersOf({ id }: Container, { lower, upper, work, merged }: ContainerPlaces): object {
  return { ID: id, LowerDir: lower.join(":"), MergedDir: merged, UpperDir: upper, WorkDir: work };
}

/** The address that was wished for its first leg: from the time when there was but one. */
function macOf({ controller }: DaemonDeps, { id, hostConfig }: Container): string | undefined {
  return controller.member(id)?.wishes.find(({ network }) => network === hostConfig.NetworkMode)?.wish.mac;
}

function networkSettings({ controller }: DaemonDeps, container: Container): object {
  const member = controller.member(container.id);
  const legs = member === undefined ? [] : legsOf(controller, member);
  const sandbox = typeof member?.mode === "object" ? undefined : controller.sandbox(container.id);
  const open = sandbox?.state === "open";
  const exposed = open && member?.mode === "own" ? Object.keys(container.config.ExposedPorts ?? {}) : [];
  const bindings = legs.flatMap((leg) => leg.endpoint?.ports ?? []);
  return {
    Bridge: "",
    SandboxID: open ? sandbox.id : "",
    SandboxKey: open ? sandbox.path : "",
    Ports: portMap(exposed, bindings),
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...defaultBridge(member, legs),
    Networks: Object.fromEntries(member === undefined ? [] : legs.map((leg) => [leg.name, endpointView(member, leg, "inspect")])),
  };
}

/** The addresses at the top are those on the default bridge, from the time when there was no other network. */
function defaultBridge(member: Member | undefined, legs: readonly Leg[]): object {
  const leg = legs.find(({ network }) => network?.predefined && network.driver === "bridge");
  const view = leg === undefined || member === undefined ? {} : (endpointView(member, leg, "list") as Record<string, unknown>);
  return {
    EndpointID: view.EndpointID ?? "",
    Gateway: view.Gateway ?? "",
    GlobalIPv6Address: view.GlobalIPv6Address ?? "",
    GlobalIPv6PrefixLen: view.GlobalIPv6PrefixLen ?? 0,
    IPAddress: view.IPAddress ?? "",
    IPPrefixLen: view.IPPrefixLen ?? 0,
    IPv6Gateway: view.IPv6Gateway ?? "",
    MacAddress: view.MacAddress ?? "",
  };
}
