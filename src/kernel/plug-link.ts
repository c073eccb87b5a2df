import { netlinkScript } from "../../native/index.ts";
import type { Netns, PlugRequest } from "../model/kernel.ts";
import { addLink, apply } from "./apply.ts";
import type { Namespaces } from "./namespaces.ts";
import { getLink, IFF_USABLE, parseLink, setPort } from "./netlink/link.ts";
import { decodeAnswers, encodeRequests, type Request } from "./netlink/message.ts";
import { plan, planLink } from "./plan.ts";
import { links } from "./queries.ts";
import { failed } from "./refusal.ts";

/** Longer than the kernel takes to notice a carrier; whoever is not up by then is waited for without a thread. */
const WAIT_MS = 50;

/** `ip link add` of a veth and all that makes it ready. */
export interface LinkPlugs {
  plug(where: Netns, request: PlugRequest): Promise<{ index: number; peerIndex: number; up: boolean }>;
}

/**
 * The quick way chooses both ends' indices itself, so that what is done inside can be written before the link is there: one way to the thread
 * pool instead of four. The kernel refuses an index that is taken; then, and for every other refusal, the slow way does it and tells why not.
 */
export function linkPlugs(spaces: Namespaces): LinkPlugs {
  // By namespace: the next index to try, and what the masters' indices are. Both are guesses that a refusal corrects.
  const next = new Map<string, Promise<{ value: number }>>();
  const masters = new Map<string, number>();

  async function quickly(where: Netns, request: PlugRequest): Promise<{ index: number; peerIndex: number; up: boolean } | undefined> {
    const { link, port, inside } = request;
    const peerIndex = await takeIndices(where);
    const index = peerIndex + 1;
    const master = link.master === undefined ? {} : { master: await masterIndex(where, link.master) };
    const born = { ...link, ...master, index, peer: { ...link.peer, index: peerIndex } };
    const flags: Request[] = Object.keys(port).length === 0 ? [] : [setPort(index, port)];
    return spaces.with(where, ({ fd }) =>
      spaces.with(link.peer.netns, async ({ fd: peerFd }) => {
        const meanings = { indices: new Map(), namespaces: new Map([[link.peer.netns.path, peerFd]]) };
        const outer = [planLink(born, meanings), ...flags];
        const inner = inside(peerIndex).flatMap((change) => plan(change, meanings));
        const steps = [outer, inner].map((requests, i) => [i === 0 ? fd : peerFd, encodeRequests(requests, 1), requests.length] as const);
        const { answers, reached } = await netlinkScript(steps, index, IFF_USABLE, WAIT_MS).catch((error: unknown) => {
          throw failed("netlink request", error);
        });
        const told = [outer, inner].flatMap((requests, i) =>
          answers[i] === undefined ? [] : decodeAnswers(answers[i], requests.length, 1),
        );
        const well = told.length === outer.length + inner.length && told.every(({ refusal }) => refusal === undefined);
        if (well) return { index, peerIndex, up: reached };
        // What was made is ours to take away, and known by its index: its name may be that of somebody else's link.
        if (told[0] !== undefined && told[0].refusal === undefined) await apply(spaces, where, [{ verb: "link del", dev: index }]);
        return undefined;
      }),
    );
  }

  /** Two of them, the lower one is returned. */
  async function takeIndices(where: Netns): Promise<number> {
    const counter = next.get(where.path) ?? links(spaces, where).then((all) => ({ value: Math.max(...all.map((link) => link.index)) + 1 }));
    next.set(where.path, counter);
    const indices = await counter;
    indices.value += 2;
    return indices.value - 2;
  }

  async function masterIndex(where: Netns, master: string | number): Promise<number> {
    if (typeof master === "number") return master;
    const key = `${where.path} ${master}`;
    const known = masters.get(key);
    if (known !== undefined) return known;
    const [answer] = await spaces.with(where, ({ route }) => route.ask([getLink(master)]));
    const message = answer?.messages[0];
    // Without one the kernel refuses, and the slow way says that there is no such bridge.
    const index = message === undefined ? 0x7fffffff : parseLink(message).index;
    masters.set(key, index);
    return index;
  }

  async function slowly(where: Netns, { link, port, inside }: PlugRequest): Promise<{ index: number; peerIndex: number; up: boolean }> {
    const made = await addLink(spaces, where, link);
    const peerIndex = made.peerIndex ?? 0;
    if (Object.keys(port).length > 0) await apply(spaces, where, [{ verb: "link set", dev: made.index, ...port }]);
    await apply(spaces, link.peer.netns, inside(peerIndex));
    return { index: made.index, peerIndex, up: false };
  }

  return {
    async plug(where, request) {
      const done = await quickly(where, request);
      if (done !== undefined) return done;
      next.delete(where.path);
      masters.clear();
      return slowly(where, request);
    },
  };
}
