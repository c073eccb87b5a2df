import type { Image } from "../../container/types.ts";
import { millisOf } from "../go-time.ts";
import { sorted } from "../json.ts";

const labelsOf = ({ labels }: Image) => (labels === null ? null : sorted(labels));

/** One entry of GET /images/json; -1 means: not counted. */
export function imageSummary(image: Image): object {
  return summary(image, { containers: -1, sharedBytes: -1 }, []);
}

/** One entry of GET /system/df, where dockerd writes null for a list of nothing. */
export function imageUsage(image: Image, counted: { containers: number; sharedBytes: number }): object {
  return summary(image, counted, null);
}

function summary(image: Image, counted: { containers: number; sharedBytes: number }, none: [] | null): object {
  return {
    Containers: counted.containers,
    Created: image.created,
    Id: image.id,
    Labels: labelsOf(image),
    ParentId: "",
    RepoDigests: none,
    RepoTags: image.repoTags.length > 0 ? image.repoTags : none,
    SharedSize: counted.sharedBytes,
    Size: image.size,
  };
}

/** GET /images/{name}/json. */
export function imageInspect(image: Image, layerDirs: readonly string[], facts: { version: string; storageDriver: string }): object {
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
    GraphDriver: { Data: foldersOf(layerDirs), Name: facts.storageDriver },
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

/** Where its layers lie, uppermost first; a mount of them is made for containers only. */
function foldersOf(layerDirs: readonly string[]): object {
  const [upper = "", ...lower] = layerDirs.toReversed();
  return { ...(lower.length > 0 && { LowerDir: lower.join(":") }), UpperDir: upper };
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
