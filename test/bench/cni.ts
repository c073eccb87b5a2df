import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { run } from "../support/process.ts";
import { type Contender, freshNetns, linksOnly, removeFolder } from "./contender.ts";
import { timedUs } from "./measure.ts";

const FOLDER = ["/opt/cni/bin", "/usr/lib/cni"].find((folder) => existsSync(`${folder}/bridge`));
const BRIDGE = "cni0";

/** The CNI bridge plugin with host-local, executed as a runtime executes it; undefined where it is not installed. */
export async function cniContender(): Promise<Contender | undefined> {
  if (FOLDER === undefined) return undefined;
  const dataDir = await mkdtemp(`${tmpdir()}/nl-cni-`);
  const ipam = { type: "host-local", subnet: "10.202.0.0/16", dataDir };
  const input = JSON.stringify({
    cniVersion: "1.0.0",
    name: "bench",
    type: "bridge",
    bridge: BRIDGE,
    isGateway: true,
    ipMasq: false,
    ipam,
  });
  const target = freshNetns();
  const links = await linksOnly(() => BRIDGE);
  let path = "";

  async function plugin(command: "ADD" | "DEL"): Promise<Record<string, number>> {
    const env = { CNI_COMMAND: command, CNI_CONTAINERID: "bench", CNI_NETNS: path, CNI_IFNAME: "eth0", CNI_PATH: FOLDER ?? "" };
    const us = await timedUs(async () => {
      const { status, stdout, stderr } = await run([`${FOLDER}/bridge`], { input, env });
      if (status !== 0) throw new Error(`CNI bridge ${command}: ${stdout}${stderr}`);
    });
    return { "CNI bridge": us };
  }

  return {
    name: "CNI bridge",
    grow: links.grow,
    async attach() {
      path = (await target.open()).path;
      return plugin("ADD");
    },
    async detach() {
      const us = await plugin("DEL");
      await target.close();
      return us;
    },
    async [Symbol.asyncDispose]() {
      await target.close();
      await links[Symbol.asyncDispose]();
      await removeFolder(dataDir);
    },
  };
}
