import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { netns } from "../support/netns.ts";
import { run } from "../support/process.ts";
import { type Contender, freshNetns, linksOnly, removeFolder } from "./contender.ts";
import { timedUs } from "./measure.ts";

const PROGRAM = ["/usr/libexec/podman/netavark", "/usr/lib/podman/netavark"].find(existsSync);
const BRIDGE = "netavark0";

/** netavark, executed as Podman executes it, without DNS and ports; undefined where it is not installed. */
export async function netavarkContender(): Promise<Contender | undefined> {
  if (PROGRAM === undefined) return undefined;
  const config = await mkdtemp(`${tmpdir()}/nl-netavark-`);
  const network = {
    name: "bench",
    id: "5".repeat(64),
    driver: "bridge",
    network_interface: BRIDGE,
    subnets: [{ subnet: "10.203.0.0/16", gateway: "10.203.0.1" }],
    ipv6_enabled: false,
    internal: false,
    dns_enabled: false,
    ipam_options: { driver: "host-local" },
  };
  const request = (id: string, address: string) =>
    JSON.stringify({
      container_id: id.repeat(64),
      container_name: `bench${id}`,
      networks: { bench: { static_ips: [address], interface_name: "eth0" } },
      network_info: { bench: network },
    });
  const program = async (verb: "setup" | "teardown", path: string, input: string) => {
    const { status, stdout, stderr } = await run([PROGRAM ?? "", "--config", config, verb, path], { input });
    if (status !== 0) throw new Error(`netavark ${verb}: ${stdout}${stderr}`);
  };
  // It removes the bridge with the last container, so one stays: the bridge's making is not part of an attach.
  const resident = await netns("nl-one");
  await program("setup", resident.path, request("6", "10.203.200.1"));
  const target = freshNetns();
  const links = await linksOnly(() => BRIDGE);
  const input = request("7", "10.203.200.2");
  let path = "";

  return {
    name: "netavark",
    grow: links.grow,
    async attach() {
      path = (await target.open()).path;
      return { netavark: await timedUs(() => program("setup", path, input)) };
    },
    async detach() {
      const us = await timedUs(() => program("teardown", path, input));
      await target.close();
      return { netavark: us };
    },
    async [Symbol.asyncDispose]() {
      await target.close();
      await links[Symbol.asyncDispose]();
      await program("teardown", resident.path, request("6", "10.203.200.1"));
      await resident[Symbol.asyncDispose]();
      await removeFolder(config);
    },
  };
}
