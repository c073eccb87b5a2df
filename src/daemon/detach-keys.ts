import { NetError } from "../model/errors.ts";

/** What leaves a session without ending the process. */
export const DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q";

const CONTROL = "@abcdefghijklmnopqrstuvwxyz[\\]^_";

/** `ctrl-e,q` as the bytes that a terminal sends. @throws invalid for an unknown key. */
export function parseDetachKeys(text: string): Buffer {
  return Buffer.from(
    text.split(",").map((key) => {
      const control = /^ctrl-(.)$/.exec(key)?.[1]?.toLowerCase();
      const code = control === undefined ? -1 : CONTROL.indexOf(control);
      if (code >= 0) return code;
      if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
      throw new NetError("invalid", `invalid escape keys (${text}) provided: unknown key "${key}"`, {
        hint: "write single characters or ctrl-<a-z, @, [, \\, ], ^, _>, with commas between: ctrl-p,ctrl-q",
      });
    }),
  );
}

/**
 * Watches a terminal's input for the keys. A part of the sequence is held back until it is clear that no sequence comes of it;
 * then it is passed on, so that a lone ctrl-p still reaches the program.
 */
export function detachWatch(keys: Buffer): (input: Buffer) => { pass: Buffer; detached: boolean } {
  let held: number[] = [];
  return (input) => {
    const pass: number[] = [];
    for (const byte of input) {
      held.push(byte);
      while (!held.every((value, i) => value === keys[i])) pass.push(...held.splice(0, 1));
      if (held.length === keys.length) {
        held = [];
        return { pass: Buffer.from(pass), detached: true };
      }
    }
    return { pass: Buffer.from(pass), detached: false };
  };
}
