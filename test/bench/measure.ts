import { tableText } from "../../src/cli/print.ts";

/** Samples of one thing, in one unit. */
export type Samples = Map<string, number[]>;

/** Adds one sample of each; what could not be measured (NaN) is left out, and so is its row. */
export function note(samples: Samples, values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) if (!Number.isNaN(value)) samples.set(name, [...(samples.get(name) ?? []), value]);
}

/** The value below which the part `q` (0 to 1) of the samples lies, between neighbours where it falls between. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low = Number.NaN, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** Of one row. */
export function medianOf(samples: Samples, name: string): number {
  return median(samples.get(name) ?? []);
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** One row per name: median and spread in ms, and the ratio of medians to each of the floors. */
export function samplesTable(samples: Samples, floors: readonly string[] = []): string {
  const ms = (us: number) => (us / 1000).toFixed(2);
  const ratio = (row: number[], floor: string) => `${(median(row) / median(samples.get(floor) ?? [])).toFixed(2)}x`;
  return tableText(
    [
      { heading: "WHAT", value: ([name]: [string, number[]]) => name },
      { heading: "MEDIAN MS", value: ([, row]) => ms(median(row)) },
      { heading: "P10-P90", value: ([, row]) => `${ms(quantile(row, 0.1))}-${ms(quantile(row, 0.9))}` },
      ...floors.map((floor) => ({ heading: `TO ${floor.toUpperCase()}`, value: ([, row]: [string, number[]]) => ratio(row, floor) })),
      { heading: "N", value: ([, row]) => String(row.length) },
    ],
    [...samples],
    true,
  );
}

/** What was hoped for beside what was reached: told, never failed. */
export function goalText(what: string, reached: number, limit: number, unit: string): string {
  return `goal: ${what} <= ${limit}${unit}; reached ${reached.toFixed(2)}${unit}${reached <= limit ? "" : ", MISSED"}`;
}

/** The time of a deed at the caller, in microseconds. */
export async function timedUs(deed: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await deed();
  return (performance.now() - start) * 1000;
}

/** The list begun at another place each round, so that nobody always follows the same neighbour. */
export function rotated<T>(list: readonly T[], round: number): T[] {
  const at = round % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
