import { NetError } from "../model/errors.ts";
import { type Id, lookUp } from "../model/id.ts";
import type { Container } from "./types.ts";

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** @throws invalid, conflict when another container has it. */
export function checkName(name: string, containers: readonly Container[], except?: Id): void {
  if (!NAME.test(name)) throw new NetError("invalid", `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  const other = containers.find((container) => container.name === name && container.id !== except);
  if (other === undefined) return;
  throw new NetError(
    "conflict",
    `Conflict. The container name "/${name}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
}

/** A name (with or without the slash that Docker shows), an id, or the beginning of one. @throws notFound, invalid */
export function findContainer(containers: readonly Container[], ref: string): Container {
  const found = lookUp("container", containers, ref.replace(/^\//, ""));
  if (found === undefined) throw new NetError("notFound", `No such container: ${ref}`);
  return found;
}
