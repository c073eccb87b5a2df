import { constants } from "node:os";
import { NetError } from "../model/errors.ts";

/** [signal(7)]: the first realtime signal that libc leaves to programs, and the last one. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** `TERM`, `SIGTERM`, `15`, `RTMIN+3`: as a number. @throws invalid `invalid signal: X` */
export function parseSignal(text: string): number {
  const number = numberOf(text.toUpperCase().replace(/^SIG/, ""));
  if (number === undefined || number < 1 || number > SIGRTMAX) throw new NetError("invalid", `invalid signal: ${text}`);
  return number;
}

function numberOf(name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  if (name === "CLD") return constants.signals.SIGCHLD;
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realtime !== null) {
    const offset = Number(`${realtime[2] ?? "+"}${realtime[3] ?? 0}`);
    const number = (realtime[1] === "MIN" ? SIGRTMIN : SIGRTMAX) + offset;
    return number >= SIGRTMIN ? number : undefined;
  }
  return (constants.signals as Record<string, number>)[`SIG${name}`];
}
