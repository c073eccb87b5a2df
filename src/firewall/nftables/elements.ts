import { type Family, familyOf } from "../../model/address.ts";
import type { NftBatch, NftCommand, NftElement, NftSet } from "../../model/nft.ts";
import type { Fact, NetworkFact, TranslatedFact } from "../facts.ts";
import { SETS } from "./table.ts";

/** One element of one of our sets. */
interface Entry {
  set: NftSet;
  element: NftElement;
}

/** Takes these facts away and brings those about. What both have stays untouched, and removals come first, so that a key may change hands. */
export function changeElements(removed: readonly Fact[], added: readonly Fact[]): NftBatch {
  const [before, after] = [removed.flatMap(entriesOf), added.flatMap(entriesOf)];
  const [had, has] = [new Set(before.map(textOf)), new Set(after.map(textOf))];
  const deleted = before.filter((one) => !has.has(textOf(one))).map(({ set, element: { key } }) => ({ set, element: { key } }));
  return [
    ...commands("element delete", deleted),
    ...commands(
      "element add",
      after.filter((one) => !had.has(textOf(one))),
    ),
  ];
}

function entriesOf(fact: Fact): Entry[] {
  switch (fact.fact) {
    case "network":
      return networkEntries(fact);
    case "published": {
      const { bridge, ip, protocol, port } = fact;
      return [entry(familyOf(ip) === 4 ? SETS.published4 : SETS.published6, [bridge, ip, protocol, port])];
    }
    case "translated":
      return [translatedEntry(fact)];
  }
}

function networkEntries({ bridge, icc, internal, subnets, routed, unprotected, masqueraded }: NetworkFact): Entry[] {
  const perFamily = (set: NftSet, families: readonly Family[]) =>
    families.map((family) => entry(set, [family === 4 ? "ipv4" : "ipv6", bridge]));
  return [
    entry(SETS.bridges, [bridge]),
    entry(SETS.sameBridge, [bridge, bridge]),
    ...(icc ? [entry(SETS.icc, [bridge, bridge])] : []),
    ...(internal ? [entry(SETS.internal, [bridge])] : []),
    ...subnets.map((subnet) => entry(familyOf(subnet) === 4 ? SETS.subnets4 : SETS.subnets6, [bridge, subnet])),
    ...perFamily(SETS.routed, routed),
    ...perFamily(SETS.unprotected, unprotected),
    ...perFamily(SETS.masqueraded, masqueraded),
  ];
}

function translatedEntry({ family, hostIp, protocol, hostPort, ip, port }: TranslatedFact): Entry {
  const target = [ip, port];
  if (hostIp === undefined) return entry(family === 4 ? SETS.dnat4Any : SETS.dnat6Any, [protocol, hostPort], target);
  return entry(family === 4 ? SETS.dnat4 : SETS.dnat6, [hostIp, protocol, hostPort], target);
}

function entry(set: NftSet, key: NftElement["key"], data?: NftElement["key"]): Entry {
  return { set, element: { key, ...(data && { data }) } };
}

function textOf({ set, element }: Entry): string {
  return `${set.name} ${element.key.join(" ")} : ${element.data}`;
}

/** One command a set. */
function commands(verb: "element add" | "element delete", entries: readonly Entry[]): NftCommand[] {
  const bySet = new Map<NftSet, NftElement[]>();
  for (const { set, element } of entries) {
    const elements = bySet.get(set);
    if (elements === undefined) bySet.set(set, [element]);
    else elements.push(element);
  }
  return Array.from(bySet, ([set, elements]) => ({ verb, set, elements }));
}
