import type { Container } from "../../container/types.ts";
import { NetError, wrap } from "../../model/errors.ts";
import { shortId } from "../../model/id.ts";
import type { Member, SandboxMode } from "../../model/member.ts";
import type { Network } from "../../model/network.ts";
import { checkContainerName, randomName } from "../names.ts";
import { type ContainerRequest, parseContainerRequest } from "../parse/container-request.ts";
import { publishAll } from "../parse/ports.ts";
import type { ContainerCreateBody } from "../parse/schemas.ts";
import type { Stage } from "./stage.ts";
import { tell, tellVolume } from "./tell.ts";

/**
 * Makes a container and the member that will be on its networks; nothing runs yet. A network that does not exist is no error before the
 * start, because it may come until then; an address that its network cannot have is one at once.
 */
export async function create(
  stage: Stage,
  name: string | undefined,
  body: ContainerCreateBody | undefined,
): Promise<{ container: Container; warnings: string[] }> {
  if (name !== undefined) checkContainerName(name);
  const request = parseContainerRequest(body);
  const target = request.mode.kind === "container" ? findTarget(stage, request.mode.ref) : undefined;
  for (const ref of request.linked) findLinked(stage, ref);
  const wishes = request.wishes.map((wish) => settle(stage, wish));
  const before = new Set(await stage.volumes.names());
  const { container, warnings } = await stage.containers.create({
    name: name ?? randomName((taken) => stage.containers.all().some((other) => other.name === taken)),
    config: { ...request.config, ...hostnameOf(stage, request, target) },
    hostConfig: { ...request.hostConfig, NetworkMode: modeText(request, target) },
  });
  try {
    stage.controller.addMember(memberOf(container, { ...request, wishes }, target));
  } catch (error) {
    await stage.containers.remove(container.id, { volumes: true });
    throw error;
  }
  for (const mount of stage.containers.mounts(container.id)) {
    if (mount.type === "volume" && mount.name !== undefined && !before.has(mount.name)) tellVolume(stage, "create", mount.name);
  }
  tell(stage, "create", container);
  return { container, warnings: [...warnings, ...networkWarnings(request)] };
}

/** The network by its own name, however it was typed; its wish is checked when the network is there already. */
function settle({ controller }: Stage, asked: Member["wishes"][number]): Member["wishes"][number] {
  let network: Network;
  try {
    network = controller.findNetwork(asked.network);
  } catch (error) {
    if (error instanceof NetError && error.code === "notFound") return asked;
    throw error;
  }
  try {
    controller.checkWish(network.name, asked.wish);
  } catch (error) {
    throw wrap(`invalid config for network ${network.name}`, error);
  }
  return { ...asked, network: network.name };
}

/** Not `notFound`: a client that gets 404 from create goes and pulls the image. */
function findTarget({ containers }: Stage, ref: string): Container {
  try {
    return containers.find(ref);
  } catch (error) {
    throw new NetError("internal", `joining network namespace of container: ${(error as Error).message}`, { cause: error });
  }
}

function findLinked({ containers }: Stage, ref: string): void {
  try {
    containers.find(ref);
  } catch (error) {
    throw new NetError("invalid", `could not get container for ${ref}: ${(error as Error).message}`, { cause: error });
  }
}

/** A shared namespace comes with the name of the one that it is shared with. */
function hostnameOf(stage: Stage, request: ContainerRequest, target: Container | undefined): { Hostname?: string; Domainname?: string } {
  if (target !== undefined) return { Hostname: target.config.Hostname, Domainname: target.config.Domainname };
  if (request.mode.kind === "host" && !request.config.Hostname) return { Hostname: stage.info.name };
  return {};
}

function modeText({ mode }: ContainerRequest, target: Container | undefined): string {
  if (target !== undefined) return `container:${target.id}`;
  return mode.kind === "network" ? mode.name : mode.kind;
}

function memberOf(container: Container, request: ContainerRequest, target: Container | undefined): Member {
  const { config, hostConfig } = container;
  const mode: SandboxMode = target !== undefined ? { shareWith: target.id } : request.mode.kind === "host" ? "host" : "own";
  const exposed = hostConfig.PublishAllPorts ? Object.keys(config.ExposedPorts ?? {}) : [];
  return {
    id: container.id,
    name: container.name,
    door: "docker",
    hostname: config.Hostname || shortId(container.id),
    domainname: config.Domainname,
    mode,
    wishes: request.wishes,
    // The host's namespace has the host's ports: there is nothing to publish.
    ports: mode === "own" ? [...request.ports, ...publishAll(exposed, request.ports)] : [],
    dns: request.dns,
    extraHosts: request.extraHosts,
  };
}

function networkWarnings(request: ContainerRequest): string[] {
  const publishes = request.ports.length > 0 || request.hostConfig.PublishAllPorts === true;
  return request.mode.kind === "host" && publishes ? ["Published ports are discarded when using host network mode"] : [];
}
