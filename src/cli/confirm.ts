import { createInterface } from "node:readline/promises";
import { usage } from "./failure.ts";
import type { Io } from "./io.ts";

/** Asks a person. @throws invalid when there is nobody to ask */
export async function confirm(io: Io, question: string): Promise<boolean> {
  if (io.stdin.isTTY !== true) throw usage("this needs a yes, and there is no terminal to ask on", "add --force");
  const dialogue = createInterface({ input: io.stdin, output: io.stderr });
  try {
    return /^y(es)?$/i.test((await dialogue.question(`${question} [y/N] `)).trim());
  } finally {
    dialogue.close();
  }
}
