import type { Container } from "../../container/types.ts";
import { millisOf } from "../go-time.ts";
import { sorted } from "../json.ts";
import type { DaemonDeps } from "../types.ts";
import { mountView } from "./container-parts.ts";
import { endpointView, legsOf } from "./endpoint.ts";
import { portList } from "./ports.ts";
import { statusText } from "./status.ts";

/** One entry of GET /containers/json. */
export function containerSummary(deps: DaemonDeps, container: Container, nowMs: number, size?: { rw: number; rootFs: number }): object {
  const { controller, containers } = deps;
  const member = controller.member(container.id);
  const legs = member === undefined ? [] : legsOf(controller, member);
  const up = controller.sandbox(container.id)?.state === "open" && member?.mode === "own";
  const exposed = up ? Object.keys(container.config.ExposedPorts ?? {}) : [];
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: container.imageRef,
    ImageID: container.imageId,
    Command: commandText(container),
    Created: Math.floor((millisOf(container.createdAt) ?? 0) / 1000),
    Ports: portList(
      exposed,
      legs.flatMap((leg) => leg.endpoint?.ports ?? []),
    ),
    // Go leaves a size of zero out.
    ...(size && { ...(size.rw > 0 && { SizeRw: size.rw }), SizeRootFs: size.rootFs }),
    Labels: sorted(container.config.Labels),
    State: container.state.status,
    Status: statusText(container.state, nowMs),
    HostConfig: { NetworkMode: container.hostConfig.NetworkMode },
    NetworkSettings: {
      Networks: Object.fromEntries(member === undefined ? [] : legs.map((leg) => [leg.name, endpointView(member, leg, "list")])),
    },
    Mounts: containers.mounts(container.id).map(mountView),
  };
}

/** As one would type it: an argument with blanks is quoted. */
function commandText({ path, args }: Container): string {
  return [path, ...args.map((arg) => (/\s/.test(arg) ? `'${arg.replaceAll("'", "'\\''")}'` : arg))].join(" ");
}
