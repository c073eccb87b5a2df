import type { NetEvent } from "../../model/event.ts";
import { jsonInteger, sorted } from "../json.ts";

/** One line of GET /events. Containers and images carry the members of the time before there were types as well. */
export function eventView({ type, action, id, attributes, timeNano }: NetEvent): object {
  const old = type === "container" || type === "image" ? { status: action, id, ...(attributes.image && { from: attributes.image }) } : {};
  return {
    ...(id === "" ? {} : old),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: sorted(attributes) },
    scope: "local",
    time: Number(timeNano / 1_000_000_000n),
    timeNano: jsonInteger(timeNano),
  };
}
