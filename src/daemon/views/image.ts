import type { Image } from "../../container/types.ts";
import { millisOf } from "../go-time.ts";
import { sorted } from "../json.ts";

const labelsOf = ({ labels }: Image) => (labels === null ? null : sorted(labels));

/** One entry of GET /images/json; -1 means: not counted. */
export function imageSummary(
  image: Image,
  counted: { containers: number; sharedBytes: number } = { containers: -1, sharedBytes: -1 },
): object {
  return {
    Containers: counted.containers,
    Created: image.created,
    Id: image.id,
    Labels: labelsOf(image),
    ParentId: "",
    RepoDigests: [],
    RepoTags: image.repoTags,
    SharedSize: counted.sharedBytes,
    Size: image.size,
  };
}

/** GET /images/{name}/json. */
export function imageInspect(image: Image, facts: { version: string; storageDriver: string }): object {
  const { Cmd = null, Entrypoint = null, Env = null, ExposedPorts, User = "", Volumes = null, WorkingDir = "", StopSignal } = image.config;
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: [],
    Parent: "",
    Comment: image.comment,
    Created: image.createdAt,
    DockerVersion: facts.version,
    Author: image.author,
    Architecture: image.architecture,
    Os: image.os,
    Size: image.size,
    GraphDriver: { Data: null, Name: facts.storageDriver },
    RootFS: { Type: "layers", Layers: image.layers },
    Metadata: { LastTagTime: image.lastTagTime },
    Config: {
      ...{ Cmd, Entrypoint, Env },
      ...(ExposedPorts && { ExposedPorts: sorted(ExposedPorts) }),
      ...{ Labels: labelsOf(image), OnBuild: null },
      ...(StopSignal && { StopSignal }),
      ...{ User, Volumes, WorkingDir },
    },
  };
}

/** GET /images/{name}/history: newest first; only the newest has the image's id and tags. */
export function imageHistory(image: Image): object[] {
  return image.history.toReversed().map((step, i) => ({
    Comment: step.comment,
    Created: Math.floor((millisOf(step.createdAt) ?? 0) / 1000),
    CreatedBy: step.createdBy,
    Id: i === 0 ? image.id : "<missing>",
    Size: step.size,
    Tags: i === 0 && image.repoTags.length > 0 ? image.repoTags : null,
  }));
}

/** What rmi and prune did, one deed an entry. */
export function removalView(deeds: readonly { untagged?: string; deleted?: string }[]): object[] {
  return deeds.map(({ untagged, deleted }) => (untagged !== undefined ? { Untagged: untagged } : { Deleted: deleted }));
}
