import type { Netns } from "../model/kernel.ts";
import type { Namespaces } from "./namespaces.ts";
import { delFlow, type Flow, getFlows, parseFlow } from "./netlink/conntrack.ts";
import { refused } from "./refusal.ts";

const IPPROTO_UDP = 17;

/**
 * `conntrack --delete --proto udp --dport PORT` for many ports at once. A client that keeps sending from one socket would else keep its
 * flow, and with it the translation of before, for as long as it sends.
 */
export async function flushUdpFlows(spaces: Namespaces, host: Netns, ports: readonly { hostPort: number }[]): Promise<void> {
  const wanted = new Set(ports.map(({ hostPort }) => hostPort));
  if (wanted.size === 0) return;
  await spaces.with(host, async ({ netfilter }) => {
    const dump = getFlows();
    const { refusal, messages } = await netfilter.dump(dump);
    if (refusal !== undefined) throw refused(dump.what, refusal);
    const requests = messages
      .map(parseFlow)
      .filter((flow) => concerns(flow, wanted))
      .map(delFlow);
    for (const [i, answer] of (await netfilter.ask(requests)).entries()) {
      // Gone meanwhile is what was wanted.
      if (answer.refusal !== undefined && answer.refusal.name !== "ENOENT")
        throw refused(requests[i]?.what ?? "conntrack --delete", answer.refusal);
    }
  });
}

/** To the port, or (answers of a translated flow come back from it) with replies to or from it. */
function concerns({ original, reply }: Flow, ports: ReadonlySet<number>): boolean {
  if (original.protocol !== IPPROTO_UDP) return false;
  return [original.destinationPort, reply.sourcePort, reply.destinationPort].some((port) => ports.has(port));
}
