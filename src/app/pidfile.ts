import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { NetError } from "../model/errors.ts";

/** Writes our process id. @throws conflict when the process that is named there lives. */
export function claimPidfile(path: string): { release(): void } {
  const other = readPid(path);
  if (other !== undefined && other !== process.pid && lives(other)) {
    throw new NetError("conflict", `process with PID ${other} is still running`, {
      hint: `stop it, remove ${path} if it is not a netloomd, or choose another --pidfile`,
    });
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  writeFileSync(path, `${process.pid}`, { mode: 0o644 });
  return {
    release() {
      if (readPid(path) === process.pid) rmSync(path, { force: true });
    },
  };
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8").trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
