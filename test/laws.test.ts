import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

/**
 * The laws of direction: [from, may import, why]. `from` and `to` are rooms: src/<room>, drivers, native. What is not allowed is forbidden.
 * A type may come from where only types live, so that a face can name what it is handed.
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));

const LAWS: [from: string, to: string[], why: string][] = [
  ["model", [], "model is the words that all rooms share: it knows no room"],
  ["kernel", ["native"], "a room imports model and itself; the machine is reached through native"],
  ["firewall", [], "policies in, rules out: what it needs is handed in"],
  ["ipam", [], "pure allocation over the tables it is handed"],
  ["dns", ["native"], "names in, answers out: only the sockets' native I/O is its own"],
  ["store", [], "rows in, rows out"],
  ["events", [], "keeps and tells, and knows nobody"],
  ["config", [], "texts in, options out"],
  ["container", ["native"], "a process in a sandbox; it knows no networks"],
  ["controller", [], "the verbs: everything they touch is handed in by app.ts"],
  ["daemon", ["controller/types", "container/types"], "a face translates; it uses the verbs and containers by their types"],
  ["cli", [], "the command line speaks only HTTP to the daemon"],
  ["drivers", [], "a driver imports model and its own folder, as an outsider's driver would"],
  ["native", [], "C and its typed face: no policy, no rooms"],
];

/** The one place that imports implementations. */
const WIRING = ["app.ts", "app", "main.ts"];

interface Import {
  file: string;
  from: string;
  to: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The room of a path, and for the type files of a room the file too: `controller/types`. */
function roomOf(path: string): string {
  const parts = relative(ROOT, path).split("/");
  if (parts[0] !== "src") return parts[0] ?? "";
  return parts.length === 3 && parts[2] === "types.ts" ? `${parts[1]}/types` : (parts[1] ?? "");
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].flatMap((match) => match[1] ?? []);
  return specifiers.map((specifier) => ({
    file: relative(ROOT, file),
    from: roomOf(file).split("/")[0] ?? "",
    to: roomOf(resolve(dirname(file), specifier)),
  }));
}

const all = ["src", "drivers", "native"].flatMap(sourceFiles).flatMap(importsOf);

for (const [room, allowed, why] of LAWS) {
  test(`${room}: ${why}`, (t) => {
    const mine = all.filter((one) => one.from === room);
    t.true(["model", "native"].includes(room) || mine.length > 0, `there is no room ${room}: take its law away`);
    const broken = mine.filter(({ to }) => to.split("/")[0] !== room && to !== "model" && !allowed.includes(to));
    t.deepEqual(
      broken.map(({ file, to }) => `${file} imports ${to}`),
      [],
      why,
    );
  });
}

test("every room has a law", (t) => {
  const rooms = readdirSync(join(ROOT, "src")).filter((name) => !WIRING.includes(name));
  const lawful = LAWS.map(([room]) => room);
  t.deepEqual(
    rooms.filter((room) => !lawful.includes(room)),
    [],
  );
});

test("within a room only its own native-*.ts files touch native", (t) => {
  const broken = all.filter(
    ({ to, from, file }) => to === "native" && ["dns", "container"].includes(from) && !/\/native-[a-z-]+\.ts$/.test(file),
  );
  t.deepEqual(
    broken.map(({ file }) => file),
    [],
  );
});

test("no module state: nothing that changes lives at the top of a module", (t) => {
  const broken = ["src", "drivers"].flatMap(sourceFiles).filter((file) => /^(?:export )?let /m.test(readFileSync(file, "utf8")));
  t.deepEqual(
    broken.map((file) => relative(ROOT, file)),
    [],
  );
});

test("the project speaks of itself alone: no path of a machine in its files", (t) => {
  const broken = ["src", "drivers", "native", "test", "scenarios", "scripts"].flatMap(sourceFiles).filter((file) => {
    const text = readFileSync(file, "utf8");
    return !file.endsWith("laws.test.ts") && /\/work\/|\/home\/[a-z]/.test(text);
  });
  t.deepEqual(
    broken.map((file) => relative(ROOT, file)),
    [],
  );
});
