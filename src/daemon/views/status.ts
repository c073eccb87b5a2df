import type { ContainerState } from "../../container/types.ts";
import { millisOf } from "../go-time.ts";
import { humanDuration } from "./human-duration.ts";

/** The STATUS column of `docker ps`: "Up 4 seconds", "Exited (0) 3 seconds ago". */
export function statusText(state: ContainerState, nowMs: number): string {
  const ended = millisOf(state.finishedAt);
  const ago = ended === undefined ? "" : humanDuration(Math.max(0, nowMs - ended));
  switch (state.status) {
    case "running":
      return `Up ${humanDuration(Math.max(0, nowMs - (millisOf(state.startedAt) ?? nowMs)))}`;
    case "paused":
      return `Up ${humanDuration(Math.max(0, nowMs - (millisOf(state.startedAt) ?? nowMs)))} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${ago} ago`;
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
    case "created":
      return "Created";
    case "exited":
      return ago === "" ? "" : `Exited (${state.exitCode}) ${ago} ago`;
  }
}
