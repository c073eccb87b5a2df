import { connectPackets, type PacketSocket } from "./native-seqpacket.ts";
import { CUT_OFF_BYTES, createSession, cutOff, HIGH_WATER_BYTES, LOW_WATER_BYTES, type Piece, type SessionQueue } from "./session.ts";
import type { Session } from "./types.ts";

/** conmon's mark at the head of each message; 2 is stdout. */
const FROM_STDERR = 3;

export interface StreamOptions {
  tty: boolean;
  /** `none`: the process has no input. `once`: a session's end of input is the process's. `open`: the input outlives its sessions. */
  stdin: "none" | "once" | "open";
  /** Stays connected without sessions: conmon closes the process's input with the connection. */
  keep: boolean;
  /** The sessions end when this is settled too, so that who reads the end finds it recorded. */
  recorded?: Promise<void>;
}

/**
 * The streams of one process, shared by its sessions over one connection. One, because conmon waits for its slowest reader, and closes
 * the process's input when any reader leaves.
 */
export interface Stream {
  join(): Session;
  /** Sessions that joined before see the first byte if this is called before the process starts. */
  connect(socketPath: string): void;
  /** Words of ours, as if the process had written them. */
  say(text: string): void;
  /** From now on slow readers are cut off instead of waited for: conmon cannot tell an end while it waits for them. */
  hurry(): void;
  /** Ends all sessions; the process goes on. */
  close(): void;
}

/** `onOver`: the process has closed its output, or nobody is left. */
export function createStream(options: StreamOptions, onOver: () => void): Stream {
  const sessions = new Set<SessionQueue>();
  let socket: PacketSocket | undefined;
  let over = false;
  let patient = true;
  let tellConnected: () => void = () => undefined;
  const connected = new Promise<void>((resolve) => {
    tellConnected = resolve;
  });
  const input = {
    async write(data: Buffer): Promise<void> {
      if (options.stdin === "none") return;
      await connected;
      await socket?.send(data);
    },
    endInput(): void {
      if (options.stdin === "once") connected.then(() => socket?.endSend());
    },
    drained: flow,
    left(queue: SessionQueue): void {
      sessions.delete(queue);
      if (sessions.size === 0 && !options.keep) close();
      else flow();
    },
  };

  function receive(messages: Buffer[]): void {
    for (const message of messages) {
      const piece: Piece = { stream: message[0] === FROM_STDERR ? 2 : 1, data: message.subarray(1) };
      for (const queue of sessions) queue.push(piece);
    }
    flow();
  }

  /** The fastest reader sets the pace; one that is hopelessly behind it is let go. */
  function flow(): void {
    const least = Math.min(...[...sessions].map((queue) => queue.behind()));
    if (patient && sessions.size > 0 && least > HIGH_WATER_BYTES) socket?.pause();
    else if (!patient || sessions.size === 0 || least < LOW_WATER_BYTES) socket?.resume();
    for (const queue of sessions) {
      if (queue.behind() <= CUT_OFF_BYTES) continue;
      sessions.delete(queue);
      queue.end(cutOff());
    }
  }

  function close(): void {
    if (over) return;
    over = true;
    tellConnected();
    socket?.close();
    for (const queue of sessions) queue.end();
    sessions.clear();
    onOver();
  }

  return {
    join() {
      const queue = createSession(options.tty, input);
      if (over) queue.end();
      else sessions.add(queue);
      return queue.session;
    },
    connect(socketPath) {
      if (over || socket !== undefined) return;
      socket = connectPackets(socketPath, receive, () => void (options.recorded ?? Promise.resolve()).then(close));
      tellConnected();
      if (socket === undefined) close();
    },
    say: (text) => receive([Buffer.from(`\u0002${text}`)]),
    hurry() {
      patient = false;
      flow();
    },
    close,
  };
}
