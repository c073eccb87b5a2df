import { readInRoot } from "./root-path.ts";
import type { Row } from "./rows.ts";
import { lookUpUser, type User } from "./spec/user.ts";

/** Who `--user` (or an exec's user) means in this root filesystem. @throws invalid when its files do not know them. */
export function userIn(root: string, { config, hostConfig }: Row, wish = config.User): User {
  const groupAdd = Array.isArray(hostConfig.GroupAdd) ? hostConfig.GroupAdd.map(String) : [];
  return lookUpUser(wish, groupAdd, readInRoot(root, "/etc/passwd") ?? "", readInRoot(root, "/etc/group") ?? "");
}
