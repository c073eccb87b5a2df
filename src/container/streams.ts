import { join } from "node:path";
import type { Id } from "../model/id.ts";
import { createStream, type Stream, type StreamOptions } from "./attach.ts";
import type { Container, ContainerConfig, Session } from "./types.ts";

/** The present streams of containers: one for each run, made when somebody asks for it. */
export interface Streams {
  /** A session of the present run, or of the next one. `bundle` is where the present run's socket is; undefined before the start. */
  join(container: Container, bundle: string | undefined): Session;
  /** Between create and start of a run: whoever joined before sees its first byte. */
  begin(container: Container, bundle: string): void;
  /** The run is over: what it wrote is still read, new sessions are for the next run. */
  leave(id: Id): void;
  /** Never wait for readers again: the process is to end. */
  hurry(id: Id): void;
  close(id: Id): void;
  closeAll(): void;
}

export function createStreams(): Streams {
  const streams = new Map<Id, Stream>();
  const left = new Set<Stream>();

  function ensure({ id, config }: Container): Stream {
    const known = streams.get(id);
    if (known !== undefined) return known;
    const made: Stream = createStream(streamOptions(config), () => {
      left.delete(made);
      if (streams.get(id) === made) streams.delete(id);
    });
    streams.set(id, made);
    return made;
  }

  return {
    join(container, bundle) {
      const stream = ensure(container);
      const session = stream.join();
      if (bundle !== undefined) stream.connect(join(bundle, "attach"));
      return session;
    },
    begin(container, bundle) {
      if (!streamOptions(container.config).keep && !streams.has(container.id)) return;
      ensure(container).connect(join(bundle, "attach"));
    },
    leave(id) {
      const stream = streams.get(id);
      streams.delete(id);
      if (stream !== undefined) left.add(stream);
    },
    hurry: (id) => streams.get(id)?.hurry(),
    close: (id) => streams.get(id)?.close(),
    closeAll() {
      for (const stream of [...streams.values(), ...left]) stream.close();
    },
  };
}

/** A terminal's input stays open when a client leaves: detaching is not the end of a shell. */
export function streamOptions(config: ContainerConfig): StreamOptions {
  const stdin = !config.OpenStdin ? "none" : config.StdinOnce && !config.Tty ? "once" : "open";
  return { tty: config.Tty, stdin, keep: stdin === "once" };
}
