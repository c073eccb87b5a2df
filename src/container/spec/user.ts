import { NetError } from "../../model/errors.ts";

export interface User {
  uid: number;
  gid: number;
  additionalGids: number[];
}

interface Group {
  name: string;
  gid: number;
  members: string[];
}

const ID_MAX = 2 ** 31 - 1;

/**
 * Who `--user` means, by the image's own passwd(5) and group(5): `name`, `uid`, `name:group`, `uid:gid`; empty is root.
 * @throws invalid `unable to find user X: no matching entries in passwd file`
 */
export function lookUpUser(wish: string, groupAdd: string[], passwd: string, group: string): User {
  const [userText = "", groupText] = wish.split(":");
  const groups = parseGroups(group);
  const entry = parseUsers(passwd).find(({ name, uid }) => name === userText || String(uid) === (userText || "0"));
  const uid = entry?.uid ?? numberOf(userText || "0");
  if (uid === undefined) throw new NetError("invalid", `unable to find user ${userText}: no matching entries in passwd file`);
  const gid = groupText === undefined || groupText === "" ? (entry?.gid ?? 0) : groupId(groupText, groups);
  // Only who named no group gets those that the files give: a named one is meant to be the only one.
  const byFile = groupText === undefined && entry !== undefined ? groups.filter(({ members }) => members.includes(entry.name)) : [];
  const added = groupAdd.map((text) => groupId(text, groups));
  // The primary group is among them, as login(1) has it: otherwise a file that refuses the group would let its owner's group pass.
  return { uid, gid, additionalGids: [...new Set([gid, ...byFile.map((found) => found.gid), ...added])] };
}

function groupId(text: string, groups: Group[]): number {
  const gid = groups.find((group) => group.name === text || String(group.gid) === text)?.gid ?? numberOf(text);
  if (gid === undefined) throw new NetError("invalid", `unable to find group ${text}: no matching entries in group file`);
  return gid;
}

function numberOf(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  if (Number(text) > ID_MAX) throw new NetError("invalid", `uids and gids must be in range 0-${ID_MAX}: ${text}`);
  return Number(text);
}

/** `name:password:uid:gid:comment:home:shell` */
function parseUsers(passwd: string): { name: string; uid: number; gid: number }[] {
  return fields(passwd).flatMap(([name = "", , uid = "", gid = ""]) =>
    name !== "" && /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [],
  );
}

/** `name:password:gid:member,member` */
function parseGroups(group: string): Group[] {
  return fields(group).flatMap(([name = "", , gid = "", members = ""]) =>
    name !== "" && /^\d+$/.test(gid) ? [{ name, gid: Number(gid), members: members.split(",").filter(Boolean) }] : [],
  );
}

function fields(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}
