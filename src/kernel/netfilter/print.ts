import type {
  NftAction,
  NftBatch,
  NftChain,
  NftCommand,
  NftElement,
  NftMatch,
  NftRule,
  NftSet,
  NftTable,
  NftVerdict,
} from "../../model/nft.ts";

/** A batch as the script for nft(8) that does the same, a command a line. */
export function printBatch(batch: NftBatch): string {
  return batch.map((command) => `${printCommand(command)}\n`).join("");
}

/** `add element inet netloom bridges { "br-1" }`: for error messages, golden files and logs. */
export function printCommand(command: NftCommand): string {
  switch (command.verb) {
    case "table add":
      return `add table ${tableName(command.table)}`;
    case "table delete":
      return `delete table ${tableName(command.table)}`;
    case "chain add":
      return `add chain ${nameIn(command.chain)}${printBase(command.chain)}`;
    case "chain flush":
      return `flush chain ${nameIn(command.chain)}`;
    case "chain delete":
      return `delete chain ${nameIn(command.chain)}`;
    case "set add":
      return `add ${kindOf(command.set)} ${nameIn(command.set)} ${printType(command.set)}`;
    case "set flush":
      return `flush ${kindOf(command.set)} ${nameIn(command.set)}`;
    case "set delete":
      return `delete ${kindOf(command.set)} ${nameIn(command.set)}`;
    case "element add":
    case "element delete": {
      const elements = command.elements.map((element) => printElement(command.set, element)).join(", ");
      return `${command.verb === "element add" ? "add" : "delete"} element ${nameIn(command.set)} { ${elements} }`;
    }
    case "rule add":
      return `add rule ${nameIn(command.chain)} ${printRule(command.rule)}${command.comment === undefined ? "" : ` comment "${command.comment}"`}`;
  }
}

export function printRule(rule: NftRule): string {
  return rule
    .map((statement) => ("match" in statement || "lookup" in statement ? printMatch(statement) : printAction(statement)))
    .join(" ");
}

export function printElement(set: NftSet, element: NftElement): string {
  const key = element.key.map((value, i) => (set.key[i] === "ifname" ? `"${value}"` : value)).join(" . ");
  if (element.data === undefined) return key;
  return `${key} : ${Array.isArray(element.data) ? element.data.join(" . ") : printVerdict(element.data as NftVerdict)}`;
}

function printMatch(match: NftMatch): string {
  if ("lookup" in match) return `${match.lookup.join(" . ")} ${match.not === true ? "!= " : ""}@${match.set.name}`;
  if ("any" in match) return `${match.match} ${match.any.join(",")}`;
  const value = match.match.endsWith("ifname") ? `"${match.is}"` : match.is;
  return `${match.match} ${match.not === true ? "!= " : ""}${value}`;
}

function printAction(action: NftAction): string {
  if ("counter" in action) return "counter";
  if ("verdict" in action) return printVerdict(action.verdict);
  if ("masquerade" in action) return "masquerade";
  if ("redirect" in action) return `redirect to :${action.redirect.port}`;
  if ("vmap" in action) return `${action.vmap.join(" . ")} vmap @${action.map.name}`;
  if ("dnat" in action) return `dnat ${action.family} to ${action.dnat.join(" . ")} map @${action.map.name}`;
  const address = action.family === "ip6" ? `[${action.address}]` : action.address;
  return `${action.nat} ${action.family} to ${address}${action.port === undefined ? "" : `:${action.port}`}`;
}

function printVerdict(verdict: NftVerdict): string {
  if (typeof verdict === "string") return verdict;
  return "jump" in verdict ? `jump ${verdict.jump}` : `goto ${verdict.goto}`;
}

function printBase({ base }: NftChain): string {
  if (base === undefined) return "";
  return ` { type ${base.type} hook ${base.hook} priority ${base.priority}; policy ${base.policy}; }`;
}

function printType({ key, data, flags = [] }: NftSet): string {
  const map = data === undefined ? "" : ` : ${data === "verdict" ? "verdict" : data.join(" . ")}`;
  return `{ type ${key.join(" . ")}${map};${flags.length === 0 ? "" : ` flags ${flags.join(",")};`} }`;
}

function kindOf(set: NftSet): "set" | "map" {
  return set.data === undefined ? "set" : "map";
}

function tableName(table: NftTable): string {
  return `${table.family} ${table.name}`;
}

function nameIn(thing: NftChain | NftSet): string {
  return `${tableName(thing.table)} ${thing.name}`;
}
