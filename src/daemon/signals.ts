import { constants } from "node:os";

const RTMIN = 34;
const RTMAX = 64;

/** `TERM`, `SIGTERM`, `15`, `SIGRTMIN+3` as a number. [signal(7)] @returns undefined for what is no signal. */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= RTMAX ? Number(text) : undefined;
  const name = text.toUpperCase().replace(/^SIG/, "");
  const realtime = /^RT(MIN\+|MAX-)(\d{1,2})$/.exec(name);
  if (realtime !== null) {
    const number = realtime[1] === "MIN+" ? RTMIN + Number(realtime[2]) : RTMAX - Number(realtime[2]);
    return number >= RTMIN && number <= RTMAX ? number : undefined;
  }
  if (name === "RTMIN") return RTMIN;
  if (name === "RTMAX") return RTMAX;
  return (constants.signals as Record<string, number>)[`SIG${name}`];
}
