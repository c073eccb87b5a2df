import {
  closeFd,
  connectSeqpacket,
  type Fd,
  isSystemError,
  type Poll,
  pollSocket,
  sendSeqpacket,
  shutdownWrite,
  waitWritable,
} from "../../native/index.ts";

/** conmon reads that much at once and drops what is behind it in the same message. */
const MESSAGE_MAX_BYTES = 8 << 10;

/** A connection to conmon's attach socket. */
export interface PacketSocket {
  /** In order with other sends; resolves when the kernel has taken it. What the other end no longer reads is dropped: its process is gone. */
  send(data: Buffer): Promise<void>;
  /** The other end reads end of file, after what was sent. */
  endSend(): Promise<void>;
  /** Stops and starts receiving: what is not received makes the other end wait. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** `onEnd` is called once, not after `close`. @returns undefined when nobody listens: the process has ended. */
export function connectPackets(path: string, onMessages: (messages: Buffer[]) => void, onEnd: () => void): PacketSocket | undefined {
  const fd = tryConnect(path);
  if (fd === undefined) return undefined;
  return socketOf(fd, onMessages, onEnd);
}

function tryConnect(path: string): Fd | undefined {
  try {
    return connectSeqpacket(path);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ECONNREFUSED")) return undefined;
    throw error;
  }
}

function socketOf(fd: Fd, onMessages: (messages: Buffer[]) => void, onEnd: () => void): PacketSocket {
  let poll: Poll | undefined;
  let open = true;
  let sendable = true;
  let sent = Promise.resolve();
  resume();

  function resume(): void {
    if (!open || poll !== undefined) return;
    poll = pollSocket(fd, (messages, error) => {
      if (messages.length > 0) onMessages(messages);
      // A connection that conmon never took is reset when it ends.
      if (error === null && messages.length > 0) return;
      pause();
      if (open) onEnd();
    });
  }

  function pause(): void {
    poll?.close();
    poll = undefined;
  }

  async function sendAll(data: Buffer): Promise<void> {
    for (let from = 0; from < data.length; from += MESSAGE_MAX_BYTES) {
      const message = data.subarray(from, from + MESSAGE_MAX_BYTES);
      while (open && sendable && !trySend(message)) await waitWritable(fd);
    }
  }

  function trySend(message: Buffer): boolean {
    try {
      return sendSeqpacket(fd, message);
    } catch (error) {
      if (!isSystemError(error, "EPIPE", "ECONNRESET")) throw error;
      sendable = false;
      return true;
    }
  }

  function inOrder(step: () => Promise<void> | void): Promise<void> {
    const done = sent.then(step);
    sent = done.catch(() => undefined);
    return done;
  }

  return {
    send: (data) => inOrder(() => sendAll(data)),
    endSend: () =>
      inOrder(() => {
        if (open && sendable) endSending();
      }),
    pause,
    resume,
    close() {
      if (!open) return;
      open = false;
      pause();
      closeFd(fd);
    },
  };

  function endSending(): void {
    sendable = false;
    try {
      shutdownWrite(fd);
    } catch (error) {
      if (!isSystemError(error, "ENOTCONN", "EPIPE")) throw error;
    }
  }
}
