import { NetError } from "../model/errors.ts";
import type { Session } from "./types.ts";

/** Behind this much the process is made to wait, if nobody else reads faster. */
export const HIGH_WATER_BYTES = 1 << 20;
export const LOW_WATER_BYTES = 256 << 10;
/** A reader that is so far behind others is cut off, so that it neither stops them nor fills our memory. */
export const CUT_OFF_BYTES = 16 << 20;

export type Piece = { stream: 1 | 2; data: Buffer };

/** What a session asks of the stream it belongs to. */
export interface SessionInput {
  write(data: Buffer): Promise<void>;
  endInput(): void;
  /** The reader took something, or left. */
  drained(): void;
  left(session: SessionQueue): void;
}

/** One reader's place in a stream. */
export interface SessionQueue {
  session: Session;
  /** Bytes that were not read yet. */
  behind(): number;
  push(piece: Piece): void;
  /** No more will come; with an error the reader is told it after what there is. */
  end(error?: NetError): void;
}

export function createSession(tty: boolean, input: SessionInput): SessionQueue {
  const pieces: Piece[] = [];
  let bytes = 0;
  let over = false;
  let failure: NetError | undefined;
  let wake: (() => void) | undefined;

  async function* read(): AsyncGenerator<Piece> {
    for (;;) {
      const piece = pieces.shift();
      if (piece !== undefined) {
        bytes -= piece.data.length;
        input.drained();
        yield piece;
      } else if (failure !== undefined) {
        throw failure;
      } else if (over) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  function end(error?: NetError): void {
    over = true;
    failure ??= error;
    wake?.();
  }

  const queue: SessionQueue = {
    session: {
      tty,
      output: { [Symbol.asyncIterator]: read },
      write: (data) => (over ? Promise.resolve() : input.write(data)),
      endInput: () => input.endInput(),
      close() {
        pieces.length = 0;
        bytes = 0;
        end();
        input.left(queue);
      },
    },
    behind: () => bytes,
    push(piece) {
      if (over) return;
      pieces.push(piece);
      bytes += piece.data.length;
      wake?.();
    },
    end,
  };
  return queue;
}

export function cutOff(): NetError {
  return new NetError("unavailable", "the session was cut off: it read too slowly while others waited", { hint: "the log has everything" });
}
