import { readFileSync } from "node:fs";

/** Of the package, from its package.json: beside src in a checkout, beside dist where it was published. */
export const VERSION: string = readVersion(["../../package.json", "../../../package.json"]);

function readVersion(places: string[]): string {
  for (const place of places) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8"));
      if (name === "netloom") return version;
    } catch {
      // The next place has it.
    }
  }
  return "0.0.0";
}
