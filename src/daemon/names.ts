import { NetError } from "../model/errors.ts";

const MANNERS = (
  "amber brisk calm clever copper daring deft dewy early fabled fleet gentle glad golden hardy hazel ivory jolly keen kindly lively lucid mellow " +
  "mild mossy nimble noble pearly placid plucky proud quiet rapid rosy rustic sable serene silken sleek snowy sturdy sunny supple tidy tranquil velvet vivid woven"
).split(" ");
const WEAVERS = (
  "alder badger beacon birch bobbin brook cedar comet cricket dune ember falcon fern finch fjord flax gull harbor hazelnut heddle heron hollow iris juniper kestrel " +
  "lark linen lupin maple marten meadow merino osprey otter pebble plover reed river rowan saffron shuttle skein sparrow spindle thistle treadle warp weft willow wren"
).split(" ");

/** A name for a container that was given none: `nimble_shuttle`, with a number when it is taken. */
export function randomName(taken: (name: string) => boolean): string {
  for (let tries = 0; ; tries++) {
    const name = `${pick(MANNERS)}_${pick(WEAVERS)}${tries < 5 ? "" : String(crypto.getRandomValues(new Uint32Array(1))[0])}`;
    if (!taken(name)) return name;
  }
}

/** @throws invalid in Docker's words. A name may become a host name and a part of a path. */
export function checkContainerName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return;
  throw new NetError("invalid", `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "netloom";
}
