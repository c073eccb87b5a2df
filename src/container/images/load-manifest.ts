import Type from "typebox";
import { Compile } from "typebox/compile";
import { NetError } from "../../model/errors.ts";
import { Digest, GO_ARCHITECTURES, parseJson } from "./image-config.ts";
import { parseReference, type Reference, withDefaultTag } from "./reference.ts";
import type { Spool } from "./spool.ts";

/** An image in an archive: names of files in it. */
export interface ArchivedImage {
  config: string;
  /** Lowest first. */
  layers: string[];
  /** The id that the archive says; absent where its layout says none. */
  id?: string;
  references: Reference[];
}

const Annotations = Type.Optional(Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()]));
const Descriptor = Type.Object({
  mediaType: Type.Optional(Type.String()),
  digest: Digest,
  size: Type.Number(),
  annotations: Annotations,
  platform: Type.Optional(Type.Object({ architecture: Type.String(), os: Type.String() })),
});
const dockerManifest = Compile(
  Type.Array(
    Type.Object({
      Config: Type.String(),
      RepoTags: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
      Layers: Type.Union([Type.Array(Type.String()), Type.Null()]),
    }),
  ),
);
const ociIndex = Compile(Type.Object({ manifests: Type.Array(Descriptor) }));
const ociManifest = Compile(Type.Object({ config: Descriptor, layers: Type.Array(Descriptor) }));
type Descriptor = Type.Static<typeof Descriptor>;

/** An index may list indexes, but nobody nests them deeply. */
const INDEX_DEPTH_MAX = 4;
const NAMES = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/**
 * The images of a `docker save` archive (manifest.json) or of an OCI layout (index.json); where both are there, they say the same.
 * @throws invalid when it is neither, or not complete.
 */
export async function archivedImages(spool: Spool): Promise<ArchivedImage[]> {
  if (spool.has("manifest.json")) return dockerImages(await spool.text("manifest.json"));
  if (spool.has("index.json")) return ociImages(spool, await spool.text("index.json"), 0);
  throw new NetError("invalid", "invalid archive: does not contain a manifest.json", {
    hint: "this is no saved image; docker import takes the archive of a root file system",
  });
}

/** [moby image/spec v1.2, Combined Image JSON + Filesystem Changeset Format]. */
function dockerImages(text: string): ArchivedImage[] {
  return parseJson(dockerManifest, text, "manifest.json").map(({ Config, RepoTags, Layers }) => {
    const digits = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(Config)?.[1];
    return {
      config: Config,
      layers: Layers ?? [],
      references: (RepoTags ?? []).map((tag) => withDefaultTag(parseReference(tag))),
      ...(digits === undefined ? {} : { id: `sha256:${digits}` }),
    };
  });
}

/** [OCI image-spec image-layout.md]. */
async function ociImages(spool: Spool, text: string, depth: number): Promise<ArchivedImage[]> {
  if (depth > INDEX_DEPTH_MAX) throw new NetError("invalid", "invalid archive: its indexes are nested too deeply");
  const { manifests } = parseJson(ociIndex, text, "image index");
  const images: ArchivedImage[] = [];
  for (const descriptor of ofThisPlatform(manifests)) {
    const inner = await spool.text(blob(descriptor));
    const references = namesOf(descriptor);
    if ("manifests" in (JSON.parse(inner) as object)) {
      const nested = await ociImages(spool, inner, depth + 1);
      images.push(...nested.map((image) => ({ ...image, references: [...image.references, ...references] })));
    } else {
      const { config, layers } = parseJson(ociManifest, inner, "image manifest");
      images.push({ config: blob(config), layers: layers.map(blob), id: config.digest, references });
    }
  }
  return images;
}

/** Several platforms are one image in as many builds; several without a platform are several images. */
function ofThisPlatform(manifests: readonly Descriptor[]): readonly Descriptor[] {
  const told = manifests.filter((descriptor) => descriptor.platform !== undefined);
  if (told.length === 0 || manifests.length === 1) return manifests;
  const architecture = GO_ARCHITECTURES[process.arch] ?? process.arch;
  const ours = told.filter(({ platform }) => platform?.os === "linux" && platform.architecture === architecture);
  if (ours.length === 0) {
    const others = told.map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
    throw new NetError("invalid", `no image for linux/${architecture} in the archive`, { hint: `it has ${others.join(", ")}` });
  }
  return [...manifests.filter((descriptor) => descriptor.platform === undefined), ...ours];
}

/** The second annotation is often a bare tag, which names no image. */
function namesOf({ annotations }: Descriptor): Reference[] {
  for (const key of NAMES) {
    const name = annotations?.[key];
    if (name !== undefined && (key === NAMES[0] || /[/:]/.test(name))) return [withDefaultTag(parseReference(name))];
  }
  return [];
}

function blob({ digest }: Descriptor): string {
  return `blobs/${digest.replace(":", "/")}`;
}
