import { setMaxListeners } from "node:events";

/** Tells everything that goes on for long (streams, sessions) that the daemon closes. */
export interface Closing {
  readonly signal: AbortSignal;
  begin(): void;
}

export function createClosing(): Closing {
  const controller = new AbortController();
  // One listener for each open stream: there may be as many as there are clients.
  setMaxListeners(0, controller.signal);
  return { signal: controller.signal, begin: () => controller.abort() };
}
