import { messageOf, NetError } from "../model/errors.ts";

// Primary result codes [sqlite.org/rescode.html].
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** Says what a failed SQLite call means for the person who runs the daemon; the message names the file. */
export function storeError(path: string, error: unknown): NetError {
  if (error instanceof NetError) return error;
  const cause = error;
  switch (primaryCode(error)) {
    case FULL:
    case IOERR:
      return new NetError("unavailable", `cannot write to ${path}: ${messageOf(error)}`, {
        hint: "free space on this disk; nothing of this change was kept",
        cause,
      });
    case CORRUPT:
    case NOTADB:
      return new NetError("internal", `${path} is damaged: ${messageOf(error)}`, {
        hint: "restore it from a backup, or move it away to start empty",
        cause,
      });
    case BUSY:
      return new NetError("conflict", `${path} is used by another process`, {
        hint: "stop the other daemon, or give this one folders of its own with --data-root and --exec-root",
        cause,
      });
    case READONLY:
    case CANTOPEN:
      return new NetError("unavailable", `cannot open ${path} for writing: ${messageOf(error)}`, { cause });
    default:
      return new NetError("internal", `${path}: ${messageOf(error)}`, { cause });
  }
}

/** The low byte of an extended code is its primary one: SQLITE_IOERR_WRITE (778) is an SQLITE_IOERR (10). */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}
