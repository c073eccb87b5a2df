import type { Output } from "./io.ts";

export type Format = "table" | "json";

/** One column of a table: its heading and how a row fills it. */
export interface Column<T> {
  heading: string;
  value(row: T): string;
}

/** Writes results in the asked format: JSON is always exactly one value on one line, for programs. */
export interface Printer {
  json: boolean;
  /** Only with `json`. */
  value(value: unknown): void;
  line(text: string): void;
  table<T>(columns: readonly Column<T>[], rows: readonly T[]): void;
}

export function printer(stdout: Output, format: Format | undefined): Printer {
  const line = (text: string) => void stdout.write(`${text}\n`);
  return {
    json: format === "json",
    value: (value) => line(JSON.stringify(value)),
    line,
    table: (columns, rows) => line(tableText(columns, rows, stdout.isTTY === true)),
  };
}

/** For eyes: aligned columns. For `cut` and `awk -F'\t'`: one tab between, nothing padded. */
export function tableText<T>(columns: readonly Column<T>[], rows: readonly T[], aligned: boolean): string {
  const cells = [columns.map(({ heading }) => heading), ...rows.map((row) => columns.map(({ value }) => value(row)))];
  if (!aligned) return cells.map((line) => line.join("\t")).join("\n");
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => (line[i] ?? "").length)));
  return cells
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}
