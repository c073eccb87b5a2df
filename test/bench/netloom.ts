import type { Reply } from "../support/api.ts";
import type { Daemon } from "../support/daemon.ts";
import type { Contender } from "./contender.ts";
import { timedUs } from "./measure.ts";

/** From the request to the answer, as the daemon tells it. */
export const INSIDE = "netloomd, inside";

const NETWORK = "bench";

/** Container bodies are the same but for the network; the process only has to be there. */
export function sleeper(network: string): object {
  return { Image: "alpine", Cmd: ["sleep", "100000"], HostConfig: { NetworkMode: network } };
}

/** Microseconds that the daemon itself took, from the header in which it tells them. */
export function insideUs(reply: Reply<unknown>): number {
  if (reply.status >= 400) throw new Error(`${reply.status} ${JSON.stringify(reply.body)}`);
  return Number(reply.headers["netloom-duration-us"]);
}

/** Makes and starts containers, a few at a time. */
export async function startSleepers(daemon: Daemon, network: string, count: number, atOnce = 4): Promise<string[]> {
  const ids: string[] = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const { Id } = await daemon.ask<{ Id: string }>("POST", "/containers/create", sleeper(network));
      await daemon.ask("POST", `/containers/${Id}/start`);
      ids.push(Id);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return ids;
}

/** netloomd: a running container is connected to a network, and disconnected again. */
export async function netloomContender(daemon: Daemon): Promise<Contender> {
  await daemon.ask("POST", "/networks/create", { Name: NETWORK, IPAM: { Config: [{ Subnet: "10.204.0.0/16" }] } });
  await daemon.ask("POST", "/networks/create", { Name: "home" });
  const [probe = ""] = await startSleepers(daemon, "home", 1);
  let members = 0;

  async function measured(verb: "connect" | "disconnect", body: object): Promise<Record<string, number>> {
    let inside = Number.NaN;
    const outside = await timedUs(async () => {
      inside = insideUs(await daemon.api("POST", `/networks/${NETWORK}/${verb}`, { body: { Container: probe, ...body } }));
    });
    return { [INSIDE]: inside, "netloomd, at the client": outside };
  }

  return {
    name: "netloomd",
    async grow(endpoints) {
      await startSleepers(daemon, NETWORK, endpoints - members);
      members = endpoints;
      return "running containers on its network";
    },
    attach: () => measured("connect", { EndpointConfig: {} }),
    detach: () => measured("disconnect", {}),
    async [Symbol.asyncDispose]() {},
  };
}
