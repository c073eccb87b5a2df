import type { Netns } from "./netns.ts";

/** Prints the body; exit status 1 and the reason on stderr when there is none in five seconds. */
const PROGRAM = `fetch(process.argv[1], { signal: AbortSignal.timeout(5000) })
  .then((reply) => reply.text())
  .then((text) => process.stdout.write(text))
  .catch((error) => { console.error(error.cause?.message ?? error.message); process.exitCode = 1; });`;

/** Fetches a page over HTTP from inside a namespace. Not by busybox: a static one cannot look hosts up beside the libc of some machines. */
export function fetchFrom(where: Netns, url: string): Promise<string> {
  return where.must([process.execPath, "-e", PROGRAM, url]);
}
