import type { Prepared } from "./reply.ts";
import { HEADER_BYTES, lower, type Query, u8 } from "./wire.ts";

/** Beyond this many the table starts again: filling it again is cheaper than knowing which one was used last. */
const MAX_ENTRIES = 4096;

/** Answers by the bytes of their question, found without making a string of it. */
export interface HotTable {
  find(buffer: Uint8Array, query: Query): Prepared | undefined;
  add(answer: Prepared): void;
  clear(): void;
}

export function createHotTable(): HotTable {
  const chains = new Map<number, Prepared>();
  let entries = 0;

  function clear(): void {
    chains.clear();
    entries = 0;
  }

  return {
    find(buffer, query) {
      let answer = chains.get(query.hash);
      while (answer !== undefined && !sameQuestion(answer.question, buffer, query)) answer = answer.next;
      return answer;
    },
    add(answer) {
      if (entries >= MAX_ENTRIES) clear();
      answer.next = chains.get(answer.hash);
      chains.set(answer.hash, answer);
      entries++;
    },
    clear,
  };
}

/** Type and class are compared as they are: their bytes are only lowered on both sides or on none. */
function sameQuestion(question: Uint8Array, buffer: Uint8Array, query: Query): boolean {
  const first = query.start + HEADER_BYTES;
  if (question.length !== query.questionEnd - first) return false;
  for (let i = 0; i < question.length; i++) if (u8(question, i) !== lower(u8(buffer, first + i))) return false;
  return true;
}
