import type { Container } from "../../container/types.ts";
import { NetError } from "../../model/errors.ts";
import { type Filters, fitsName } from "../filters.ts";
import { millisOf } from "../go-time.ts";
import type { DaemonDeps } from "../types.ts";
import { legsOf } from "../views/endpoint.ts";

export const CONTAINER_FILTERS = [
  ...["ancestor", "before", "exited", "expose", "health", "id", "isolation", "is-task", "label", "name", "network", "publish"],
  ...["since", "status", "volume"],
];
export const CONTAINER_PRUNE_FILTERS = ["label", "label!", "until"];
const STATES: readonly string[] = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];

/** What of the containers a list shows, newest first. */
export function selectContainers(
  deps: DaemonDeps,
  all: readonly Container[],
  filters: Filters,
  options: { all: boolean; limit?: number },
): Container[] {
  checkStates(filters);
  const before = boundary(deps, filters, "before");
  const since = boundary(deps, filters, "since");
  const everyState = options.all || options.limit !== undefined || filters.has("status") || filters.has("exited");
  const found = all.filter((container) => {
    const made = madeAt(container);
    const up = container.state.status === "running" || container.state.status === "paused" || container.state.status === "restarting";
    return (
      (everyState || up) &&
      (before === undefined || made < before) &&
      (since === undefined || made > since) &&
      fits(deps, filters, container)
    );
  });
  const newestFirst = found.sort((a, b) => madeAt(b) - madeAt(a));
  return options.limit === undefined ? newestFirst : newestFirst.slice(0, options.limit);
}

function fits(deps: DaemonDeps, filters: Filters, container: Container): boolean {
  const { config, state } = container;
  const exposed = Object.keys(config.ExposedPorts ?? {});
  return (
    filters.any("id", (value) => container.id.startsWith(value)) &&
    filters.any("name", (value) => fitsName(value, container.name) || fitsName(value, `/${container.name}`)) &&
    filters.any("status", (value) => state.status === value) &&
    filters.any("exited", (value) => state.status === "exited" && String(state.exitCode) === value) &&
    filters.any("ancestor", (value) => isAncestor(deps, value, container)) &&
    filters.any("health", (value) => value === "none") &&
    filters.any("is-task", (value) => value === "false" || value === "0") &&
    filters.any("expose", (value) => exposed.some((key) => isPort(value, key))) &&
    filters.labels(config.Labels) &&
    filters.any("volume", (value) =>
      deps.containers.mounts(container.id).some((mount) => mount.name === value || mount.destination === value),
    ) &&
    fitsNetworks(deps, filters, container)
  );
}

function fitsNetworks(deps: DaemonDeps, filters: Filters, container: Container): boolean {
  if (!filters.has("network") && !filters.has("publish")) return true;
  const member = deps.controller.member(container.id);
  const legs = member === undefined ? [] : legsOf(deps.controller, member);
  const published = legs.flatMap((leg) => leg.endpoint?.ports ?? []);
  return (
    filters.any("network", (value) =>
      legs.some(({ name, network }) => name === value || (value !== "" && !!network?.id.startsWith(value))),
    ) && filters.any("publish", (value) => published.some((binding) => isPort(value, `${binding.hostPort}/${binding.protocol}`)))
  );
}

/** The image that was asked for, or one with the same id. */
function isAncestor({ images }: DaemonDeps, ref: string, container: Container): boolean {
  if (container.imageRef === ref || container.imageId === ref || container.imageId.startsWith(`sha256:${ref}`)) return true;
  return images
    .list()
    .some((image) => image.id === container.imageId && (image.repoTags.includes(ref) || image.repoTags.includes(`${ref}:latest`)));
}

/** `80`, `80/tcp`, `8000-8080/udp`. */
function isPort(wanted: string, key: string): boolean {
  const [range = "", protocol = "tcp"] = wanted.split("/");
  const [from = "", to = from] = range.split("-");
  const [port, ofKey] = key.split("/");
  return ofKey === protocol && Number(port) >= Number(from) && Number(port) <= Number(to);
}

function checkStates(filters: Filters): void {
  const bad = filters.values("status").find((value) => !STATES.includes(value));
  if (bad === undefined) return;
  throw new NetError("invalid", `invalid filter 'status=${bad}': invalid value for state (${bad}): must be one of ${STATES.join(", ")}`);
}

function boundary({ containers }: DaemonDeps, filters: Filters, key: "before" | "since"): number | undefined {
  const [ref] = filters.values(key);
  return ref === undefined ? undefined : madeAt(containers.find(ref));
}

function madeAt(container: Container): number {
  return millisOf(container.createdAt) ?? 0;
}
