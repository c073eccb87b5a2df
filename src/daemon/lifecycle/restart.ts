import { lives, type Stage } from "./stage.ts";
import { startAgain } from "./start.ts";
import { end, type StopOptions } from "./stop.ts";
import { tell } from "./tell.ts";

/** Stops it if it runs, and starts it; the networks are left and joined again. */
export async function restart(stage: Stage, ref: string, options: StopOptions): Promise<void> {
  const container = stage.containers.find(ref);
  stage.restarts.forget(container.id);
  if (lives(container)) await end(stage, container, "restart", options);
  await startAgain(stage, container.id);
  tell(stage, "restart", stage.containers.find(container.id));
}
