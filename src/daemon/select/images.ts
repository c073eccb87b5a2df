import type { Image, Images } from "../../container/types.ts";
import { type Filters, fitsName } from "../filters.ts";
import { familiar } from "../parse/reference.ts";

export const IMAGE_FILTERS = ["before", "dangling", "label", "reference", "since", "until"];
export const IMAGE_PRUNE_FILTERS = ["dangling", "label", "label!", "until"];

/** `before` and `since` compare with another image; `reference` takes `*` for any part of a name. */
export function fitsImage(images: Images, filters: Filters, image: Image): boolean {
  const dangling = filters.flag("dangling");
  const than = (key: "before" | "since", compare: (other: Image) => boolean) =>
    filters.values(key).every((ref) => compare(images.find(familiar(ref))));
  return (
    (dangling === undefined || dangling === (image.repoTags.length === 0)) &&
    filters.labels(image.labels) &&
    filters.any("reference", (value) => image.repoTags.some((tag) => fitsReference(value, tag))) &&
    than("before", (other) => image.created < other.created) &&
    than("since", (other) => image.created > other.created) &&
    isOlder(image, filters.until())
  );
}

/** For a prune: labels and age. */
export function mayPrune(filters: Filters, image: Image): boolean {
  return filters.labels(image.labels) && isOlder(image, filters.until());
}

function isOlder(image: Image, until: bigint | undefined): boolean {
  return until === undefined || BigInt(image.created) * 1_000_000_000n <= until;
}

function fitsReference(pattern: string, tag: string): boolean {
  const anchored = `^${familiar(pattern).replaceAll(".", "\\.").replaceAll("*", ".*")}$`;
  const repository = tag.slice(0, tag.lastIndexOf(":"));
  return fitsName(anchored, tag) || fitsName(anchored, repository);
}
