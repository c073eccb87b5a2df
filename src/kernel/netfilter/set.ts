import type { NftElement, NftSet, NftType, NftVerdict } from "../../model/nft.ts";
import { hostOrder32, type NetlinkWriter } from "../netlink/attribute.ts";
import {
  NFT_DATA_VERDICT,
  NFT_SET_CONCAT,
  NFT_SET_CONSTANT,
  NFT_SET_INTERVAL,
  NFT_SET_MAP,
  NFTA_DATA_VALUE,
  NFTA_LIST_ELEM,
  NFTA_SET_DATA_LEN,
  NFTA_SET_DATA_TYPE,
  NFTA_SET_DESC,
  NFTA_SET_DESC_CONCAT,
  NFTA_SET_ELEM_DATA,
  NFTA_SET_ELEM_KEY,
  NFTA_SET_ELEM_KEY_END,
  NFTA_SET_ELEM_LIST_ELEMENTS,
  NFTA_SET_FIELD_LEN,
  NFTA_SET_FLAGS,
  NFTA_SET_ID,
  NFTA_SET_KEY_LEN,
  NFTA_SET_KEY_TYPE,
  NFTA_SET_NAME,
  NFTA_SET_TABLE,
  NFTA_SET_USERDATA,
} from "./constants.ts";
import { verdictData } from "./expression.ts";
import { byteOrder, bytesOf, encodeTuple, tupleBytes, typeId } from "./types.ts";

/** A set's definition. `id` names it inside the batch; the kernel wants one even where nobody refers to it. */
export function encodeSet(w: NetlinkWriter, set: NftSet, id: number): void {
  w.text(NFTA_SET_TABLE, set.table.name);
  w.text(NFTA_SET_NAME, set.name);
  w.u32be(NFTA_SET_FLAGS, flagsOf(set));
  w.u32be(NFTA_SET_KEY_TYPE, typeId(set.key));
  w.u32be(NFTA_SET_KEY_LEN, tupleBytes(set.key));
  if (set.data === "verdict") {
    w.u32be(NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
  } else if (set.data !== undefined) {
    w.u32be(NFTA_SET_DATA_TYPE, typeId(set.data));
    w.u32be(NFTA_SET_DATA_LEN, tupleBytes(set.data));
  }
  if (hasIntervals(set)) encodeFieldLengths(w, set.key);
  w.u32be(NFTA_SET_ID, id);
  w.bytes(NFTA_SET_USERDATA, userdata(set));
}

/** The list of elements from `first` on, as many as fit in one attribute (64 KiB); returns the index after the last one. */
export function encodeElements(w: NetlinkWriter, set: NftSet, elements: readonly NftElement[], first: number): number {
  let next = first;
  w.nest(NFTA_SET_ELEM_LIST_ELEMENTS, () => {
    const limit = w.length + ELEMENTS_BYTES;
    for (let element = elements[next]; element !== undefined && w.length < limit; element = elements[++next]) {
      encodeElement(w, set, element);
    }
  });
  return next;
}

/** Leaves room for one more element of any type below the 65535 bytes of an attribute. */
const ELEMENTS_BYTES = 60_000;

function encodeElement(w: NetlinkWriter, set: NftSet, { key, data }: NftElement): void {
  w.nest(NFTA_LIST_ELEM, () => {
    w.nest(NFTA_SET_ELEM_KEY, () => w.bytes(NFTA_DATA_VALUE, encodeTuple(set.key, key)));
    if (hasIntervals(set)) w.nest(NFTA_SET_ELEM_KEY_END, () => w.bytes(NFTA_DATA_VALUE, encodeTuple(set.key, key, true)));
    if (data === undefined || set.data === undefined) return;
    w.nest(NFTA_SET_ELEM_DATA, () => {
      if (set.data === "verdict") verdictData(w, data as NftVerdict);
      else if (Array.isArray(data)) w.bytes(NFTA_DATA_VALUE, encodeTuple(set.data ?? [], data));
    });
  });
}

function flagsOf(set: NftSet): number {
  let flags = set.data === undefined ? 0 : NFT_SET_MAP;
  if (set.flags?.includes("constant")) flags |= NFT_SET_CONSTANT;
  if (hasIntervals(set)) flags |= NFT_SET_INTERVAL | NFT_SET_CONCAT;
  return flags;
}

function hasIntervals(set: NftSet): boolean {
  return set.flags?.includes("interval") ?? false;
}

/** The kernel's set type for intervals in concatenations looks fields up one by one. [nft_set_pipapo.c] */
function encodeFieldLengths(w: NetlinkWriter, key: readonly NftType[]): void {
  w.nest(NFTA_SET_DESC, () => {
    w.nest(NFTA_SET_DESC_CONCAT, () => {
      for (const type of key) w.nest(NFTA_LIST_ELEM, () => w.u32be(NFTA_SET_FIELD_LEN, bytesOf(type)));
    });
  });
}

/** What nft(8) keeps with a set to print its elements: type (1 byte), length (1 byte), value, unpadded. [libnftnl udata.h] */
function userdata(set: NftSet): Uint8Array {
  const KEY_BYTE_ORDER = 0;
  const DATA_BYTE_ORDER = 1;
  const entries: [type: number, value: number][] = [[KEY_BYTE_ORDER, byteOrder(set.key)]];
  if (Array.isArray(set.data)) entries.push([DATA_BYTE_ORDER, byteOrder(set.data)]);
  return Uint8Array.from(entries.flatMap(([type, value]) => [type, 4, ...hostOrder32(value)]));
}
