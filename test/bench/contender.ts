import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { type Netns, netns } from "../support/netns.ts";
import { addVeths } from "./here.ts";

/** Something that attaches a container to a bridge network. */
export interface Contender extends AsyncDisposable {
  name: string;
  /** Brings its network to this many endpoints. @returns how it did */
  grow(endpoints: number): Promise<string>;
  /** Attaches one more. @returns microseconds by name of what was measured */
  attach(): Promise<Record<string, number>>;
  /** Detaches it again. @returns as attach */
  detach(): Promise<Record<string, number>>;
}

/** Endpoints that are links only, for those who look at nothing else when one more comes. */
export async function linksOnly(bridge: () => string): Promise<{ grow(endpoints: number): Promise<string> } & AsyncDisposable> {
  const pen = await netns("nl-pen");
  // As in a container: no link says anything by itself.
  await pen.must(["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"]);
  const prefix = `x${randomBytes(2).toString("hex")}`;
  let made = 0;
  return {
    async grow(endpoints) {
      await addVeths(bridge(), pen.path, prefix, made + 1, endpoints);
      made = Math.max(made, endpoints);
      return "veth pairs on its bridge";
    },
    [Symbol.asyncDispose]: () => pen[Symbol.asyncDispose](),
  };
}

/** A fresh namespace for each attach of those who do not make it themselves; its making is not part of their time. */
export function freshNetns(): { open(): Promise<Netns>; close(): Promise<void> } {
  let current: Netns | undefined;
  return {
    async open() {
      current = await netns("nl-one");
      return current;
    },
    async close() {
      await current?.[Symbol.asyncDispose]();
      current = undefined;
    },
  };
}

export function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}
