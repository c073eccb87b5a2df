import type { EventLog, NetEvent } from "../../model/event.ts";
import type { Filters } from "../filters.ts";

export const EVENT_FILTERS = [
  ...[
    "config",
    "container",
    "daemon",
    "event",
    "image",
    "label",
    "network",
    "node",
    "plugin",
    "scope",
    "secret",
    "service",
    "type",
    "volume",
  ],
];

/** Who falls this far behind is let go: its events would fill our memory. */
const BACKLOG = 4096;

/** Does an event fit all filters? A thing is named by its id, its name, or a part of either's beginning. */
export function fitsEvent(filters: Filters, event: NetEvent): boolean {
  const { type, action, id, attributes } = event;
  const named = (value: string) => id === value || attributes.name === value || (value !== "" && id.startsWith(value));
  const ofKind = (kind: NetEvent["type"]) => filters.any(kind, (value) => type === kind && named(value));
  return (
    filters.any("type", (value) => value === type) &&
    filters.any("event", (value) => action === value || action.startsWith(`${value}:`)) &&
    filters.any("scope", (value) => value === "local") &&
    filters.any("image", (value) => (type === "image" && named(value)) || attributes.image === value) &&
    filters.labels(attributes) &&
    ofKind("container") &&
    ofKind("network") &&
    ofKind("volume") &&
    ofKind("daemon") &&
    ["config", "node", "plugin", "secret", "service"].every((kind) => !filters.has(kind))
  );
}

/** Kept events since then, and new ones as they come, until a time or until the signal. Times are nanoseconds since 1970. */
export async function* followEvents(
  events: EventLog,
  span: { since: bigint | undefined; until: bigint | undefined },
  signal: AbortSignal,
): AsyncGenerator<NetEvent> {
  const queue = span.since === undefined && span.until === undefined ? [] : events.since(span.since ?? 0n);
  let wake = () => {};
  let over = signal.aborted;
  const finish = () => {
    over = true;
    wake();
  };
  const stop = events.listen((event) => {
    queue.push(event);
    if (queue.length > BACKLOG) over = true;
    wake();
  });
  const timer = span.until === undefined ? undefined : setTimeout(finish, Math.max(0, Number(span.until / 1_000_000n) - Date.now()));
  signal.addEventListener("abort", finish, { once: true });
  try {
    for (;;) {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
        if (span.until === undefined || event.timeNano <= span.until) yield event;
        if (signal.aborted) return;
      }
      if (over) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    clearTimeout(timer);
    signal.removeEventListener("abort", finish);
  }
}
