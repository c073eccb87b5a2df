import type { Container } from "../../container/types.ts";
import { NEVER } from "../go-time.ts";

const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 60_000;
/** Who ran this long starts afresh: its next end is not part of a crash loop. */
const STABLE_MS = 10_000;

/** Should an ended container come back? `tries` is how often it was brought back already. */
export function shouldRestart(container: Container, end: { exitCode: number; byHand: boolean; tries: number }): boolean {
  const { Name, MaximumRetryCount } = container.hostConfig.RestartPolicy;
  switch (Name) {
    case "always":
    case "unless-stopped":
      return !end.byHand;
    case "on-failure":
      return !end.byHand && end.exitCode !== 0 && (MaximumRetryCount === 0 || end.tries < MaximumRetryCount);
    default:
      return false;
  }
}

/** Should it run after the daemon was away? `always` is meant literally; `unless-stopped` respects a person's stop. */
export function shouldRestore(container: Container): boolean {
  if (container.state.startedAt === NEVER || container.state.startedAt === "") return false;
  const byHand = container.hostConfig.RestartPolicy.Name === "always" ? false : container.stoppedByHand;
  return shouldRestart(container, { exitCode: container.state.exitCode, byHand, tries: 0 });
}

/** How long to wait before the next try: 100 ms, doubling up to a minute. */
export function nextDelayMs(previousMs: number | undefined, ranMs: number): number {
  if (previousMs === undefined || ranMs >= STABLE_MS) return FIRST_DELAY_MS;
  return Math.min(previousMs * 2, LAST_DELAY_MS);
}
