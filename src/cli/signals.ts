import type { Io } from "./io.ts";

/** Passes signals to us on to a process elsewhere, until disposed. One that is gone by then needs no signal. */
export function relaySignals(io: Io, names: readonly NodeJS.Signals[], send: (name: NodeJS.Signals) => Promise<unknown>): Disposable {
  const stops = names.map((name) => io.onSignal(name, () => void send(name).catch(() => undefined)));
  return {
    [Symbol.dispose]() {
      for (const stop of stops) stop();
    },
  };
}
