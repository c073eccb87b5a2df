import type { Transport } from "./dial.ts";
import { createHotTable, type HotTable } from "./hot.ts";
import { type Prepared, prepareAddresses, prepareNegative, preparePointer, writeRefusal, writeReply } from "./reply.ts";
import { encodeName, keyAt, type NameKey, reverseIp } from "./text.ts";
import { findAddress, findName, type Sight } from "./view.ts";
import { CLASS_IN, HEADER_BYTES, IGNORE, type Query, RCODE, readQuery, TYPE } from "./wire.ts";
import type { Zone } from "./zone.ts";

/** `answer` wrote nothing: somebody else has to be asked. */
export const FORWARD = -1;

/** A sight with the answers that were prepared for it; shared by all sandboxes that see the same. */
export interface Answerer {
  /**
   * Reads the `length` bytes at `buffer[start]` into `query` and writes what we know into the `room` bytes at `out[at]`.
   * @returns the bytes written, 0 when nothing is to be sent, or FORWARD
   */
  answer(
    buffer: Uint8Array,
    start: number,
    length: number,
    query: Query,
    out: Uint8Array,
    at: number,
    room: number,
    transport: Transport,
  ): number;
}

export function createAnswerer(zone: Zone, sight: Sight): Answerer {
  const hot: HotTable = createHotTable();
  let generation = zone.generation;

  return {
    answer(buffer, start, length, query, out, at, room, transport) {
      const verdict = readQuery(buffer, start, length, query);
      if (verdict === IGNORE) return 0;
      if (verdict !== RCODE.noError) return writeRefusal(buffer, query, verdict, out, at);
      if (query.class !== CLASS_IN) return FORWARD;
      if (generation !== zone.generation) {
        hot.clear();
        generation = zone.generation;
      }
      const known = hot.find(buffer, query) ?? look(buffer, query);
      if (known === undefined) return FORWARD;
      return writeReply(buffer, query, known, out, at, transport === "udp" ? Math.min(room, query.udpBytes) : room);
    },
  };

  /** Only answers about known names of the common types are kept, so a client cannot fill the table with what it makes up. */
  function look(buffer: Uint8Array, query: Query): Prepared | undefined {
    const key = keyAt(buffer, query.start + HEADER_BYTES);
    const answer = resolve(buffer, query, key);
    if (answer && (query.type === TYPE.a || query.type === TYPE.aaaa || query.type === TYPE.ptr)) hot.add(answer);
    return answer ?? (keepsSingleLabels(query) ? prepareNegative(buffer, query, RCODE.noError) : undefined);
  }

  /** A person who set ndots wants the search domains tried, which a client does after "no address" only. */
  function keepsSingleLabels(query: Query): boolean {
    return sight.ndotsSet && query.labels === 1 && (query.type === TYPE.a || query.type === TYPE.aaaa);
  }

  /** A name that is known is never asked for elsewhere, whatever the type. */
  function resolve(buffer: Uint8Array, query: Query, key: NameKey): Prepared | undefined {
    const records = findName(zone, sight, key);
    if (records) {
      const v4 = query.type === TYPE.a || query.type === TYPE.any ? records.map((record) => record.ipv4) : [];
      const v6 = query.type === TYPE.aaaa || query.type === TYPE.any ? records.map((record) => record.ipv6) : [];
      return prepareAddresses(
        buffer,
        query,
        [...v4, ...v6].filter((ip) => ip !== undefined),
      );
    }
    const ip = key.endsWith(".arpa") ? reverseIp(key) : undefined;
    const pointer = ip && findAddress(zone, sight, ip);
    const name = pointer ? encodeName(pointer) : undefined;
    if (!name) return undefined;
    const asked = query.type === TYPE.ptr || query.type === TYPE.any;
    return asked ? preparePointer(buffer, query, name) : prepareNegative(buffer, query, RCODE.noError);
  }
}
