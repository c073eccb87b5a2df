import { readdirSync, readFileSync } from "node:fs";
import { must } from "./process.ts";

/** What this machine has of the things that container networks are made of: kind -> one line per thing. */
export type Snapshot = Record<"link" | "netns" | "nft" | "iptables" | "mount" | "cgroup" | "process" | "folder", Set<string>>;

/** Takes stock of the machine, in the network namespace of the caller. */
export async function snapshot(): Promise<Snapshot> {
  return {
    link: new Set(lines(await must(["ip", "-brief", "link"])).map((line) => line.split(/[\s@]/)[0] ?? "")),
    netns: new Set(folder("/run/netns")),
    nft: new Set(numbered(lines(await must(["nft", "--stateless", "list", "ruleset"])))),
    iptables: new Set([...rules(await must(["iptables-save"])), ...rules(await must(["ip6tables-save"]))]),
    mount: new Set(numbered(lines(readFileSync("/proc/self/mountinfo", "utf8")).map(mountOf))),
    cgroup: new Set(lines(await must(["find", "/sys/fs/cgroup", "-type", "d"])).flatMap(ourCgroup)),
    process: new Set(ourProcesses()),
    folder: new Set(
      ["/run", "/tmp", "/dev/shm"].flatMap((dir) =>
        folder(dir)
          .filter((name) => /^(nl-|netloom)/.test(name))
          .map((name) => `${dir}/${name}`),
      ),
    ),
  };
}

/** What came and what went: `mount + /var/...`. */
export function difference(before: Snapshot, after: Snapshot): string[] {
  return Object.keys(before).flatMap((key) => {
    const kind = key as keyof Snapshot;
    const came = [...after[kind].difference(before[kind])].map((what) => `${kind} + ${what}`);
    // That something else has ended meanwhile is nobody's fault.
    const fleeting = kind === "process" || kind === "cgroup" || kind === "folder";
    const went = fleeting ? [] : [...before[kind].difference(after[kind])].map((what) => `${kind} - ${what}`);
    return [...came, ...went];
  });
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function folder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Equal lines count: two rules may read the same, one mount may lie on another. */
function numbered(all: string[]): string[] {
  const count = new Map<string, number>();
  return all.map((line) => {
    const n = (count.get(line) ?? 0) + 1;
    count.set(line, n);
    return n === 1 ? line : `${line} (${n})`;
  });
}

/** Without comments (they have the time) and counters. An empty table of the nft backend says nothing. */
function rules(saved: string): string[] {
  return numbered(lines(saved).filter((line) => line.startsWith("-")));
}

function mountOf(line: string): string {
  const [before = "", after = ""] = line.split(" - ");
  return `${before.split(" ")[4]} (${after.split(" ")[0]})`;
}

/** Those that could be a container's: other programs come and go on this machine. Once, and not for each controller. */
function ourCgroup(path: string): string[] {
  return /[^/]*(netloom|[0-9a-f]{64}).*$/.exec(path)?.slice(0, 1) ?? [];
}

/** The daemon, the monitors and the runtime, by what they execute. Zombies have no command line and are not counted. */
function ourProcesses(): string[] {
  return folder("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const argv = commandLine(pid);
      const program = argv[0]?.split("/").at(-1) ?? "";
      const isOurs = program === "conmon" || program === "runc" || argv.slice(0, 3).some((word) => /\bnetloomd?(\.js)?$/.test(word));
      return isOurs ? [`${pid} ${argv.join(" ").slice(0, 200)}`] : [];
    });
}

/** The words of a process's command line; empty when it is gone. */
export function commandLine(pid: string | number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
      .split("\0")
      .filter((word) => word !== "");
  } catch {
    return [];
  }
}
