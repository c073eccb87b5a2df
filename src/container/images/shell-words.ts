import { NetError } from "../../model/errors.ts";

/** A piece of a word: text between quotes keeps its spaces, and a `$NAME` is replaced except between single quotes. */
const PIECE = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/suy;
const VARIABLE = /\\(.)|\$(?:\{([A-Za-z_]\w*)(?:(:[-+])([^}]*))?\}|([A-Za-z_]\w*))/gsu;

/**
 * Splits the rest of an instruction into words as a Dockerfile does: `A="b c" D=$E` gives `A=b c` and `D=<value of E>`.
 * @throws invalid for a quote that is not closed.
 */
export function shellWords(text: string, environment: ReadonlyMap<string, string>): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    const space = /\s*/y;
    space.lastIndex = at;
    at += space.exec(text)?.[0].length ?? 0;
    if (at >= text.length) break;
    const { word, end } = readWord(text, at, environment);
    words.push(word);
    at = end;
  }
  return words;
}

function readWord(text: string, start: number, environment: ReadonlyMap<string, string>): { word: string; end: number } {
  let word = "";
  let end = start;
  while (end < text.length && !/\s/.test(text[end] ?? "")) {
    PIECE.lastIndex = end;
    const match = PIECE.exec(text);
    if (match === null) throw new NetError("invalid", `unexpected end of statement while looking for matching quote: ${text}`);
    const [whole, single, double, escaped, plain] = match;
    word += single ?? escaped ?? expand(double ?? plain ?? "", environment);
    end += whole.length;
  }
  return { word, end };
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+instead}`; a backslash keeps the character after it as it is. */
export function expand(text: string, environment: ReadonlyMap<string, string>): string {
  return text.replace(VARIABLE, (_, escaped?: string, braced?: string, operator?: string, operand = "", plain?: string) => {
    if (escaped !== undefined) return escaped;
    const value = environment.get(braced ?? plain ?? "") ?? "";
    if (operator === ":-") return value === "" ? operand : value;
    if (operator === ":+") return value === "" ? "" : operand;
    return value;
  });
}
