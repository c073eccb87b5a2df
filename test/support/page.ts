import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ExecutionContext } from "ava";
import { docker } from "./docker.ts";
import { ROOT, run } from "./process.ts";

/** A page of the documentation that a scenario writes while it runs, so that what it shows is what happened. */
export interface Page {
  say(text: string): void;
  /** Runs `docker ...` or `netloom ...` as typed, shows it with what it printed, fails the test on another exit status. @returns stdout */
  type(line: string, options?: { status?: number; input?: string; hide?: boolean }): Promise<string>;
  /** Shows something that was seen in another way, such as on a terminal. */
  show(text: string): void;
  /** Compares with the page in docs/, or writes it when UPDATE_DOCS=1. */
  save(): void;
}

/** `name` is that of docs/<name>.md. */
export function page(t: ExecutionContext, daemon: { host: string; dir: string }, name: string, title: string): Page {
  const lines = [`# ${title}`, "", `<!-- Written by scenarios/${name}.test.ts: run it with UPDATE_DOCS=1 to write it again. -->`, ""];
  const steady = steadier();
  const fence = (text: string) => lines.push("```console", steady(text).trimEnd(), "```", "");
  return {
    say: (text) => void lines.push(text, ""),
    show: fence,
    async type(line, options = {}) {
      const [program, ...args] = words(line);
      const input = options.input === undefined ? {} : { input: options.input };
      const result =
        program === "docker"
          ? await docker(daemon, args, input)
          : await run([process.execPath, `${ROOT}/bin/${program}.js`, ...args], {
              env: { NETLOOM_HOST: daemon.host },
              ...input,
            });
      t.is(result.status, options.status ?? 0, `${line}\n${result.stdout}${result.stderr}`);
      if (options.hide !== true) fence(`$ ${line}\n${result.stdout}${result.stderr}`);
      return result.stdout;
    },
    save() {
      const path = `${ROOT}/docs/${name}.md`;
      const text = `${lines.join("\n").trimEnd()}\n`;
      if (process.env.UPDATE_DOCS === "1") {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      }
      t.is(existsSync(path) ? readFileSync(path, "utf8") : "", text, `docs/${name}.md is not what happens; UPDATE_DOCS=1 writes it again`);
    },
  };
}

/** Words of a command line; single and double quotes keep spaces. No shell is involved. */
export function words(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g), ([, double, single, bare]) => double ?? single ?? bare ?? "");
}

/** Replaces what differs from run to run: ids by their order of appearance, times and durations by one. */
function steadier(): (text: string) => string {
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    const key = id.slice(0, 12);
    if (!ids.has(key)) ids.set(key, createHash("sha256").update(`netloom ${ids.size}`).digest("hex"));
    return (ids.get(key) ?? "").slice(0, id.length);
  };
  return (text) =>
    text
      .replace(/\b[0-9a-f]{64}\b|(?<=br-|sha256:|\s|"|^|\/)[0-9a-f]{12}(?=[\s",]|$)/gm, idOf)
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "2026-01-01T00:00:00.000000000Z")
      .replace(/(Less than a second|About a minute|\d+ (?:second|minute)s?)(?= ago| {2}|$)/gm, "2 seconds")
      // Columns are as wide as what was in them.
      .replace(/(\S) {2,}(?=\S)/g, "$1   ")
      .replace(/(time|seq_time)=[\d.]+ ms/g, "time=0.08 ms")
      .replace(/min\/avg\/max = [\d./]+ ms/g, "min/avg/max = 0.06/0.07/0.08 ms")
      .replace(/@if\d+/g, "@if7")
      .replace(/\bveth[0-9a-f]{8}\b/g, "veth1a2b3c4d");
}
