import { closeFd, type Fd, isSystemError, netlinkOpen, netlinkTransact } from "../../../native/index.ts";
import { NetError } from "../../model/errors.ts";
import { failed } from "../refusal.ts";
import { type Answer, decodeAnswers, encodeRequests, type Request } from "./message.ts";

/** Far beyond what the kernel takes for anything; only a stuck rtnl lock lets it pass. */
const TIMEOUT_MS = 30_000;
/** A table that changes during so many dumps changes all the time. */
const MAX_DUMPS = 8;

/** A netlink socket in one namespace. Requests of several callers wait for each other, because answers of a dump must not mix. */
export interface NetlinkSocket {
  /** All of them in one sendmsg, in order; the kernel tries every one. Refusals are in the answers. */
  ask(requests: readonly Request[]): Promise<Answer[]>;
  /** A dump, taken again while the table changes under it. A refusal is in the answer. */
  dump(request: Request): Promise<Answer>;
  /** Messages that carry their own sequence numbers: an nftables transaction. Resolves with the replies as they came. */
  exchange(bytes: Buffer, expectedReplies: number): Promise<Buffer>;
  /** Waits for the request that is under way. */
  close(): Promise<void>;
}

/**
 * @param nsFd an open namespace, which must stay open as long as the socket
 * @param protocol NETLINK_ROUTE, NETLINK_NETFILTER, ...
 */
export function netlinkSocket(nsFd: Fd, protocol: number): NetlinkSocket {
  let fd: Fd | undefined;
  let closed = false;
  let sequence = 1;
  let last: Promise<unknown> = Promise.resolve();

  function shut(): void {
    if (fd !== undefined) closeFd(fd);
    fd = undefined;
  }

  async function transact(bytes: Buffer, expectedReplies: number): Promise<Buffer> {
    if (closed) throw new NetError("unavailable", "the network namespace was closed while it was asked");
    try {
      fd ??= netlinkOpen(nsFd, protocol);
      return await netlinkTransact(fd, bytes, expectedReplies, TIMEOUT_MS);
    } catch (error) {
      // Answers that come late would be taken for those of the next request; the next one gets a new socket.
      shut();
      if (isSystemError(error, "ETIMEDOUT")) {
        throw new NetError("unavailable", `the kernel did not answer within ${TIMEOUT_MS} ms`, { cause: error });
      }
      throw failed("netlink request", error);
    }
  }

  function queued<R>(body: () => Promise<R>): Promise<R> {
    const result = last.then(body);
    last = result.catch(() => undefined); // the caller has the error; the next request only waits
    return result;
  }

  function exchange(bytes: Buffer, expectedReplies: number): Promise<Buffer> {
    return queued(() => transact(bytes, expectedReplies));
  }

  async function ask(requests: readonly Request[]): Promise<Answer[]> {
    if (requests.length === 0) return [];
    const first = sequence;
    sequence = (sequence + requests.length) >>> 0;
    return decodeAnswers(await exchange(encodeRequests(requests, first), requests.length), requests.length, first);
  }

  async function dump(request: Request): Promise<Answer> {
    for (let attempt = 0; attempt < MAX_DUMPS; attempt++) {
      const [answer] = await ask([request]);
      if (answer !== undefined && !answer.interrupted) return answer;
    }
    throw new NetError("unavailable", `${request.what}: the table changed during each of ${MAX_DUMPS} reads`);
  }

  return {
    ask,
    dump,
    exchange,
    async close() {
      closed = true;
      await last;
      shut();
    },
  };
}
