import { usage } from "./failure.ts";

const DEFAULT = "ctrl-p,ctrl-q";

/** `ctrl-p,ctrl-q` as the bytes that a terminal sends. @throws invalid */
export function detachBytes(keys: string | undefined): Buffer {
  return Buffer.from((keys ?? DEFAULT).split(",").map(keyByte));
}

function keyByte(key: string): number {
  if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
  const [, letter] = /^ctrl-([a-z@[\\\]^_])$/.exec(key) ?? [];
  if (letter === undefined)
    throw usage(
      `invalid detach keys: ${key}`,
      "write keys with commas between, each one character or ctrl- with a letter or one of @[\\]^_",
    );
  return letter.toUpperCase().charCodeAt(0) & 0x1f;
}
