import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { NetError } from "../model/errors.ts";

/** conmon's word for a new size of the terminal. */
const RESIZE = 1;

/** Tells conmon through the pipe in its folder. @throws conflict when it is gone. */
export async function resizeTerminal(bundle: string, height: number, width: number, what: string): Promise<void> {
  // Without O_NONBLOCK the open would wait for a reader that may be gone.
  const pipe = await open(join(bundle, "ctl"), constants.O_WRONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENXIO") throw new NetError("conflict", `${what} is not running`, { cause: error });
    throw error;
  });
  try {
    await pipe.write(`${RESIZE} ${height} ${width}\n`);
  } finally {
    await pipe.close();
  }
}
