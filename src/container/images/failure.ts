import { messageOf, NetError } from "../../model/errors.ts";

/** What tar-stream says, and what dockerd says of the same input ([archive/tar] ErrHeader, [io] ErrUnexpectedEOF). */
const TAR_WORDS: [RegExp, string][] = [
  [/invalid tar header|invalid header|header exceeds max size/i, "archive/tar: invalid tar header"],
  [/unexpected end of (data|file)/i, "unexpected EOF"],
];

/** Says what went wrong while an archive was read or unpacked. `doing` goes in front of what the operating system says. */
export function archiveError(doing: string, error: unknown): NetError {
  if (error instanceof NetError) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new NetError("unavailable", `${doing}: no space left on device`, {
      hint: "free space below the data root; nothing was kept",
      cause: error,
    });
  }
  if (code === "ENAMETOOLONG") return new NetError("invalid", `${doing}: a file name is too long`, { cause: error });
  for (const [pattern, words] of TAR_WORDS) {
    if (pattern.test(messageOf(error))) return new NetError("invalid", words, { cause: error });
  }
  if (code.startsWith("Z_") || code.startsWith("ZSTD_")) {
    return new NetError("invalid", `${doing}: damaged compressed data: ${messageOf(error)}`, { cause: error });
  }
  if (code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET") return new NetError("invalid", "unexpected EOF", { cause: error });
  return new NetError("internal", `${doing}: ${messageOf(error)}`, { cause: error });
}

/** `ENOENT`, `Z_DATA_ERROR`; empty when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
