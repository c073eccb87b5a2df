import type { HostConfig } from "../../container/types.ts";
import { NetError, wrap } from "../../model/errors.ts";
import { checkContainerName } from "../names.ts";
import { present } from "../parse/container-request.ts";
import type { HostConfigBody } from "../parse/schemas.ts";
import type { Stage } from "./stage.ts";
import { tell } from "./tell.ts";

/** The new name resolves at once on every network that it is on. */
export async function rename(stage: Stage, ref: string, name: string): Promise<void> {
  if (name === "") throw new NetError("invalid", "Neither old nor new names may be empty");
  const { id } = stage.containers.find(ref);
  const wanted = name.replace(/^\//, "");
  checkContainerName(wanted);
  await stage.lock(id, async () => {
    const before = stage.containers.find(id).name;
    if (before === wanted) throw new NetError("invalid", "Renaming a container with the same name as its current name");
    try {
      stage.containers.rename(id, wanted);
    } catch (error) {
      throw wrap("Error when allocating new name", error);
    }
    try {
      await stage.controller.renameMember(id, wanted);
    } catch (error) {
      stage.containers.rename(id, before);
      throw error;
    }
    tell(stage, "rename", stage.containers.find(id), { oldName: `/${before}` });
  });
}

/** Changes limits and the restart policy; members that are null or zero stay as they are. */
export async function update(stage: Stage, ref: string, body: HostConfigBody | undefined): Promise<void> {
  const { id } = stage.containers.find(ref);
  const asked = Object.entries(present(body ?? {})).filter(([, value]) => value !== 0 && value !== "" && value !== false);
  const changes = Object.fromEntries(asked) as Partial<HostConfig>;
  if (changes.RestartPolicy?.Name === "") delete changes.RestartPolicy;
  await stage.lock(id, async () => {
    const container = stage.containers.find(id);
    if (container.hostConfig.AutoRemove && changes.RestartPolicy !== undefined && changes.RestartPolicy.Name !== "no") {
      throw new NetError("conflict", "Restart policy cannot be updated because AutoRemove is enabled for the container");
    }
    await stage.containers.update(id, changes);
    tell(stage, "update", container);
  });
}
