import type { Extract, Header } from "tar-stream";
import { NetError } from "../../model/errors.ts";

/** The bytes of a member. */
export interface Content extends AsyncIterable<Buffer> {
  /** Reads to the end and drops it. */
  resume(): unknown;
}

/** One member of an archive, its name checked: no way leads out of the folder into which it is unpacked. */
export interface TarEntry {
  kind: "file" | "directory" | "symlink" | "link" | "character-device" | "block-device" | "fifo";
  /** Steps from the root; empty for the root itself. */
  path: string[];
  /** Where a symlink points, as written. */
  target: string;
  mode: number;
  uid: number;
  gid: number;
  mtimeS: number;
  size: number;
  major: number;
  minor: number;
  /** Extended attributes by name. */
  attributes: Map<string, string>;
  content: Content;
}

const XATTR = "SCHILY.xattr.";
const ID_MAX = 2 ** 32 - 2;

/** The members in order; the content of one must be read (or resumed) before the next. @throws invalid for a member that cannot be unpacked safely. */
export async function* tarEntries(extract: Extract): AsyncGenerator<TarEntry> {
  for await (const source of extract) yield read(source.header, source as unknown as Content);
}

function read(header: Header, content: Content): TarEntry {
  const pax = (header.pax ?? {}) as Record<string, string>;
  const { name } = header;
  return {
    kind: kindOf(header, pax),
    path: stepsOf(name, "name"),
    target: header.linkname ?? "",
    mode: (header.mode ?? 0) & 0o7777,
    uid: idOf(pax.uid, header.uid, name),
    gid: idOf(pax.gid, header.gid, name),
    mtimeS: timeOf(pax.mtime, header.mtime),
    size: header.size ?? 0,
    major: header.devmajor ?? 0,
    minor: header.devminor ?? 0,
    attributes: new Map(
      Object.entries(pax).flatMap(([key, value]) => (key.startsWith(XATTR) ? [[key.slice(XATTR.length), value] as const] : [])),
    ),
    content,
  };
}

function kindOf(header: Header, pax: Record<string, string>): TarEntry["kind"] {
  if (Object.keys(pax).some((key) => key.startsWith("GNU.sparse.")))
    throw new NetError("invalid", `${header.name}: sparse files are not supported`);
  switch (header.type) {
    case "contiguous-file":
      return "file";
    case "file":
    case "directory":
    case "symlink":
    case "link":
    case "character-device":
    case "block-device":
    case "fifo":
      return header.type;
    default:
      throw new NetError("invalid", `${header.name}: archive members of this type are not supported`);
  }
}

/** `./etc/passwd` in steps. @throws invalid for an absolute name, one with `..`, and one that no file can have. */
export function stepsOf(name: string, what: "name" | "hard link target"): string[] {
  const steps = name.split("/").filter((step) => step !== "" && step !== ".");
  const why = name.startsWith("/") ? "is absolute" : steps.includes("..") ? "leads out of the archive" : undefined;
  if (why !== undefined) throw new NetError("invalid", `unsafe archive: ${what} ${JSON.stringify(name)} ${why}`);
  // A replacement character stands for bytes that were no UTF-8: writing it would make another name than the archive says.
  if (name.includes("\0") || name.includes("\ufffd"))
    throw new NetError("invalid", `archive member ${JSON.stringify(name)} has a name that is not UTF-8`);
  return steps;
}

function idOf(pax: string | undefined, header: number | undefined, name: string): number {
  const id = pax === undefined ? (header ?? 0) : Number(pax);
  if (!Number.isInteger(id) || id < 0 || id > ID_MAX) throw new NetError("invalid", `${name}: invalid owner ${pax ?? header}`);
  return id;
}

/** PAX times have fractions of a second. */
function timeOf(pax: string | undefined, header: Date | undefined): number {
  const seconds = pax === undefined ? (header?.getTime() ?? 0) / 1000 : Number(pax);
  return Number.isFinite(seconds) ? seconds : 0;
}
