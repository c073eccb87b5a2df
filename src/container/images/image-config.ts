import Type, { type Static, type TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { messageOf, NetError } from "../../model/errors.ts";
import type { Changed } from "./changes.ts";

/** sha256 is the only algorithm in use ([OCI image-spec descriptor.md]). */
export const Digest = Type.String({ pattern: "^sha256:[0-9a-f]{64}$" });

const Words = Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()]));
const Keys = Type.Optional(Type.Union([Type.Record(Type.String(), Type.Object({})), Type.Null()]));
const Text = Type.Optional(Type.String());

const RunConfig = Type.Object({
  User: Text,
  WorkingDir: Text,
  StopSignal: Text,
  Env: Words,
  Cmd: Words,
  Entrypoint: Words,
  Labels: Type.Optional(Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()])),
  Volumes: Keys,
  ExposedPorts: Keys,
});

/** An image's configuration ([OCI image-spec config.md]), as far as it is used here. Its digest is the image's id. */
const ImageConfig = Type.Object({
  created: Text,
  author: Text,
  comment: Text,
  architecture: Type.String(),
  os: Type.String(),
  config: Type.Optional(Type.Union([RunConfig, Type.Null()])),
  rootfs: Type.Object({ type: Type.Literal("layers"), diff_ids: Type.Union([Type.Array(Digest), Type.Null()]) }),
  history: Type.Optional(
    Type.Union([
      Type.Array(Type.Object({ created: Text, created_by: Text, comment: Text, empty_layer: Type.Optional(Type.Boolean()) })),
      Type.Null(),
    ]),
  ),
});
export type ImageConfig = Static<typeof ImageConfig>;

const imageConfig = Compile(ImageConfig);

/** @throws invalid, also for an image of another operating system. */
export function parseImageConfig(text: string): ImageConfig {
  const config = parseJson(imageConfig, text, "image configuration");
  if (config.os !== "linux") throw new NetError("invalid", `cannot load ${config.os} image on linux`);
  return config;
}

/** JSON text of a known shape. @throws invalid that names the first member that is wrong. */
export function parseJson<T extends TSchema>(schema: Validator<Record<never, never>, T>, text: string, what: string): Static<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new NetError("invalid", `invalid ${what}: ${messageOf(error)}`, { cause: error });
  }
  if (schema.Check(value)) return value;
  const [problem] = schema.Errors(value);
  throw new NetError("invalid", `invalid ${what}: ${problem?.instancePath ?? ""} ${problem?.message ?? "has another shape"}`);
}

/** The configuration of an image that is made of one archive. */
export function importedConfig(given: { layerId: string; created: string; message: string; config: Changed }): string {
  const { layerId, created, message, config } = given;
  const written: ImageConfig = {
    created,
    comment: message,
    architecture: GO_ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: [layerId] },
    history: [{ created, comment: message }],
  };
  return JSON.stringify(written);
}

/** Images name processors as Go does. */
export const GO_ARCHITECTURES: Partial<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };
