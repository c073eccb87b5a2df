import type { ChildProcess, SpawnOptions } from "node:child_process";
import { randomBytes } from "node:crypto";
import { unlink, writeFile } from "node:fs/promises";
import { must, type Result, type RunOptions, run, start } from "./process.ts";

/** A network namespace of a test: a host of its own. Programs started in it share all else with this machine, as two daemons on one machine do. */
export interface Netns extends AsyncDisposable {
  /** Where it is pinned: for `nsenter --net=PATH` and `ip link add ... netns PATH`. */
  path: string;
  /** Runs a program in it to its end. */
  run(argv: readonly string[], options?: RunOptions): Promise<Result>;
  /** As `run`; throws unless the status is 0, returns stdout. */
  must(argv: readonly string[], options?: RunOptions): Promise<string>;
  /** The argv that runs a program in it. */
  argv(argv: readonly string[]): string[];
  start(argv: readonly string[], options?: SpawnOptions): ChildProcess;
}

/** A test's host with the world outside: one wire between them. */
export interface Host extends Netns {
  outside: Netns;
  /** `192.0.2.1` and `2001:db8:0:2::1`, as [RFC 5737] and [RFC 3849] reserve for such; the outside has `.2` and `::2`, and no route beyond the wire. */
  address: { ipv4: string; ipv6: string };
  outsideAddress: { ipv4: string; ipv6: string };
}

/**
 * Makes an empty network namespace with lo up (unshare --net=PATH ip link set lo up).
 * Its name is a path of its own, because `ip netns add` leaves a mount on /run/netns behind for ever.
 */
export async function netns(prefix = "nl"): Promise<Netns> {
  const path = `/run/${prefix}-${process.pid}-${randomBytes(3).toString("hex")}`;
  await writeFile(path, "", { flag: "wx" });
  await must(["unshare", `--net=${path}`, "ip", "link", "set", "lo", "up"]);
  // nsenter and not `ip netns exec`: that one would also hide mounts from everybody else, and a daemon's successor must see its mounts.
  const argv = (inner: readonly string[]) => ["nsenter", `--net=${path}`, "--", ...inner];
  return {
    path,
    argv,
    run: (inner, options) => run(argv(inner), options),
    must: (inner, options) => must(argv(inner), options),
    start: (inner, options) => start(argv(inner), options),
    async [Symbol.asyncDispose]() {
      await must(["umount", path]);
      await unlink(path);
    },
  };
}

/** Makes a host and, on the other end of a wire, the world outside which the host's default route leads to. */
export async function hostNetns(): Promise<Host> {
  const host = await netns("nl-host");
  const outside = await netns("nl-out");
  const address = { ipv4: "192.0.2.1", ipv6: "2001:db8:0:2::1" };
  const outsideAddress = { ipv4: "192.0.2.2", ipv6: "2001:db8:0:2::2" };
  await host.must(["ip", "link", "add", "wire0", "type", "veth", "peer", "name", "wire0", "netns", outside.path]);
  for (const [at, own] of [
    [host, address],
    [outside, outsideAddress],
  ] as const) {
    await at.must(["ip", "address", "add", `${own.ipv4}/24`, "dev", "wire0"]);
    await at.must(["ip", "address", "add", `${own.ipv6}/64`, "dev", "wire0", "nodad"]);
    await at.must(["ip", "link", "set", "wire0", "up"]);
  }
  await host.must(["ip", "route", "add", "default", "via", outsideAddress.ipv4]);
  await host.must(["ip", "-6", "route", "add", "default", "via", outsideAddress.ipv6]);
  return {
    ...host,
    outside,
    address,
    outsideAddress,
    async [Symbol.asyncDispose]() {
      await outside[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}
