/** Something that happened, in the shape of `docker events`. */
export interface NetEvent {
  type: "network" | "container" | "image" | "volume" | "daemon";
  action: string;
  id: string;
  attributes: Record<string, string>;
  /** Nanoseconds since 1970. */
  timeNano: bigint;
}

/** Keeps the last events and tells those who listen. */
export interface EventLog {
  emit(event: Omit<NetEvent, "timeNano">): void;
  /** The kept ones that are not older. */
  since(timeNano: bigint): NetEvent[];
  /** Returns how to stop listening. */
  listen(listener: (event: NetEvent) => void): () => void;
}
