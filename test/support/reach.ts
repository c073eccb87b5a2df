import { eventually } from "./eventually.ts";
import type { Name, World } from "./firewall-world.ts";
import type { Answer } from "./peer.ts";

/** For an answer that must come, on a machine that may be busy. */
const LONG_MS = 5_000;
/** For one that must not come. */
const SHORT_MS = 500;

/** Ports that the tests may publish, and 81, which they never do; each over TCP and UDP. */
const SERVED = [80, 81, 91];

export async function serve({ peers }: World, ...names: readonly Name[]): Promise<void> {
  for (const name of names) {
    for (const port of SERVED) await Promise.all([peers[name].serve("tcp", port), peers[name].serve("udp", port)]);
  }
}

/** `-p` for both protocols. */
export function both(...ports: readonly string[]): string[] {
  return ports.flatMap((port) => [`${port}/tcp`, `${port}/udp`]);
}

/**
 * Finds out whether a table holds, and returns it as it is; expect it to equal `tidy(table)`. The first line has who asks, every other one
 * whom they ask (`address port`) and what becomes of it over TCP and UDP alike: the address that was seen asking, `refused`, or `timeout`.
 */
export async function reach(world: World, table: string): Promise<string> {
  const [head = [], ...rows] = parse(table);
  const names = head.slice(1) as Name[];
  if (rows.some(([to]) => to?.includes(":"))) await untilAddressesCount(world);
  const found = await Promise.all(
    rows.map(async ([to = "", ...expected]) => [to, ...(await Promise.all(names.map((name, i) => cell(world, name, to, expected[i]))))]),
  );
  return print([head, ...found]);
}

/** A new link answers for its IPv6 addresses when duplicate address detection is through, a second or two later. */
export async function untilAddressesCount({ host }: World): Promise<void> {
  for (const at of [host, host.outside]) {
    await eventually(async () => {
      const tentative = await at.must(["ip", "-6", "-oneline", "address", "show", "tentative"]);
      if (tentative !== "") throw new Error(`still tentative: ${tentative}`);
    }, LONG_MS);
  }
}

/** A table without what makes it pretty. */
export function tidy(table: string): string {
  return print(parse(table));
}

async function cell({ peers }: World, from: Name, to: string, expected: string | undefined): Promise<string> {
  const [ip = "", port] = to.split(" ");
  const timeoutMs = expected === "timeout" ? SHORT_MS : LONG_MS;
  const [tcp, udp] = await Promise.all(
    (["tcp", "udp"] as const).map((protocol) => peers[from].ask(protocol, ip, Number(port), timeoutMs).then(said)),
  );
  return tcp === udp ? (tcp ?? "") : `tcp ${tcp}, udp ${udp}`;
}

function said(answer: Answer): string {
  return "from" in answer ? answer.from : answer.failed;
}

function parse(table: string): string[][] {
  const lines = table.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => line.split("|").map((word) => word.trim()));
}

function print(rows: string[][]): string {
  return rows.map((row) => row.join(" | ")).join("\n");
}
