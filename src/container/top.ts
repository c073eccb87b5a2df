import { NetError, wrap } from "../model/errors.ts";
import { runCommand } from "./run-command.ts";

/** The rows of ps(1) that are processes of the container. `psArgs` is split at spaces; no shell sees it. @throws invalid */
export async function listProcesses(psArgs: string, pids: number[]): Promise<{ titles: string[]; processes: string[][] }> {
  const args = psArgs.split(/\s+/).filter(Boolean);
  const text = await runCommand("ps", args.length === 0 ? ["-ef"] : args).catch((error) => {
    throw new NetError("invalid", wrap("ps", error).message, { cause: error });
  });
  return filterProcesses(text, new Set(pids));
}

/** Columns are as many as there are titles, the last one takes the rest of the line. @throws invalid without a PID column. */
export function filterProcesses(text: string, pids: ReadonlySet<number>): { titles: string[]; processes: string[][] } {
  const [head = "", ...rows] = text.split("\n");
  const titles = head.trim().split(/\s+/);
  const pidColumn = titles.indexOf("PID");
  if (pidColumn < 0) throw new NetError("invalid", "Couldn't find PID field in ps output");
  const processes = rows
    .filter((row) => row.trim() !== "")
    .map((row) => splitColumns(row.trim(), titles.length))
    .filter((columns) => pids.has(Number(columns[pidColumn])));
  return { titles, processes };
}

function splitColumns(row: string, count: number): string[] {
  const words = row.split(/(\s+)/);
  const columns = words.filter((_, i) => i % 2 === 0 && i / 2 < count - 1);
  return [...columns, words.slice((count - 1) * 2).join("")];
}
