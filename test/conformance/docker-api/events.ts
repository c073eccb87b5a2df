import { request } from "node:http";
import { dockerArgv } from "../../support/docker.ts";
import { must } from "../../support/process.ts";
import type { Stage } from "./stage.ts";

/** What is typed while somebody listens. The order of what they hear is the order of what happens. */
const TYPED = [
  "network create --label k=v ev1",
  "create --name evc -l cl=1 alpine:latest sleep 1000",
  "network connect ev1 evc",
  "start evc",
  "network disconnect ev1 evc",
  "exec evc true",
  "exec -d evc true",
  "pause evc",
  "unpause evc",
  "rename evc evd",
  "update -m 100m evd",
  "cp alpine.tar evd:/tmp/",
  "kill -s HUP evd",
  "stop -t 0 evd",
  "restart -t 0 evd",
  "rm -f evd",
  "network rm ev1",
  "run --rm --name evr -v evvol:/d alpine:latest true",
  "volume rm evvol",
  "tag alpine:latest ev:1",
  "rmi ev:1",
  "network create ev2",
  "network prune -f",
];

const EVC = { cl: "1", image: "alpine:latest", name: "evc" };
const EVD = { cl: "1", image: "alpine:latest", name: "evd" };
const EVR = { image: "alpine:latest", name: "evr" };
const on = (name: string, container: string) => ({ container: `<${container}>`, name, type: "bridge" });

/** Attributes come in the order of their names. `evd` is `evc` by another name. */
const HEARD: [type: string, action: string, id: string, attributes: object][] = [
  ["network", "create", "<ev1>", { name: "ev1", type: "bridge" }],
  ["container", "create", "<evc>", EVC],
  ["network", "connect", "<bridge>", on("bridge", "evc")],
  ["network", "connect", "<ev1>", on("ev1", "evc")],
  ["container", "start", "<evc>", EVC],
  ["network", "disconnect", "<ev1>", on("ev1", "evc")],
  ["container", "exec_create: true ", "<evc>", { cl: "1", execID: "<exec>", image: "alpine:latest", name: "evc" }],
  ["container", "exec_start: true ", "<evc>", { cl: "1", execID: "<exec>", image: "alpine:latest", name: "evc" }],
  ["container", "exec_die", "<evc>", { cl: "1", execID: "<exec>", exitCode: "0", image: "alpine:latest", name: "evc" }],
  ["container", "exec_create: true ", "<evc>", { cl: "1", execID: "<exec>", image: "alpine:latest", name: "evc" }],
  ["container", "exec_start: true ", "<evc>", { cl: "1", execID: "<exec>", image: "alpine:latest", name: "evc" }],
  ["container", "exec_die", "<evc>", { cl: "1", execID: "<exec>", exitCode: "0", image: "alpine:latest", name: "evc" }],
  ["container", "pause", "<evc>", EVC],
  ["container", "unpause", "<evc>", EVC],
  ["container", "rename", "<evc>", { ...EVD, oldName: "/evc" }],
  ["container", "update", "<evc>", EVD],
  ["container", "extract-to-dir", "<evc>", EVD],
  ["container", "kill", "<evc>", { ...EVD, signal: "1" }],
  ["container", "kill", "<evc>", { ...EVD, signal: "15" }],
  ["container", "kill", "<evc>", { ...EVD, signal: "9" }],
  ["network", "disconnect", "<bridge>", on("bridge", "evc")],
  ["container", "stop", "<evc>", EVD],
  ["container", "die", "<evc>", { cl: "1", execDuration: "<n>", exitCode: "137", image: "alpine:latest", name: "evd" }],
  ["network", "connect", "<bridge>", on("bridge", "evc")],
  ["container", "start", "<evc>", EVD],
  ["container", "restart", "<evc>", EVD],
  ["container", "kill", "<evc>", { ...EVD, signal: "9" }],
  ["network", "disconnect", "<bridge>", on("bridge", "evc")],
  ["container", "die", "<evc>", { cl: "1", execDuration: "<n>", exitCode: "137", image: "alpine:latest", name: "evd" }],
  ["container", "destroy", "<evc>", EVD],
  ["network", "destroy", "<ev1>", { name: "ev1", type: "bridge" }],
  ["volume", "create", "evvol", { driver: "local" }],
  ["container", "create", "<evr>", EVR],
  ["container", "attach", "<evr>", EVR],
  ["volume", "mount", "evvol", { container: "<evr>", destination: "/d", driver: "local", propagation: "", "read/write": "true" }],
  ["network", "connect", "<bridge>", on("bridge", "evr")],
  ["container", "start", "<evr>", EVR],
  ["network", "disconnect", "<bridge>", on("bridge", "evr")],
  ["volume", "unmount", "evvol", { container: "<evr>", driver: "local" }],
  ["container", "die", "<evr>", { execDuration: "<n>", exitCode: "0", image: "alpine:latest", name: "evr" }],
  ["container", "destroy", "<evr>", EVR],
  ["volume", "destroy", "evvol", { driver: "local" }],
  ["image", "tag", "sha256:<id>", { name: "ev:1" }],
  ["image", "untag", "sha256:<id>", { name: "sha256:<id>" }],
  ["network", "create", "<ev2>", { name: "ev2", type: "bridge" }],
  ["network", "destroy", "<ev2>", { name: "ev2", type: "bridge" }],
  ["network", "prune", "", { reclaimed: "0" }],
];

/** Whole events as lines, members in their order; the time is that of the moment. */
export function expectedEvents(): string[] {
  return HEARD.map(([Type, Action, ID, Attributes]) => {
    // The members of the time before there were types; an image has no image that it comes from.
    const from = Type === "container" ? { from: "alpine:latest" } : {};
    const old = Type === "container" || Type === "image" ? { status: Action, id: ID, ...from } : {};
    return JSON.stringify({ ...old, Type, Action, Actor: { ID, Attributes }, scope: "local", time: 0, timeNano: 0 });
  });
}

/** Listens from before the first command to the prune that is the last, and gives what came, an event a piece. */
export async function heardEvents({ daemon, env, mask, recorder }: Stage): Promise<{ events: string[]; pieces: Buffer[] }> {
  const listener = request({ socketPath: recorder.host.slice("unix://".length), path: "/v1.50/events", agent: false });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  const { promise: over, resolve: finish } = Promise.withResolvers<void>();
  listener.on("response", (answer) => {
    // The headers come before there is anything to tell.
    resolve();
    answer.on("data", (data: Buffer) => data.includes('"Action":"prune"') && listener.destroy());
  });
  listener.on("close", finish).on("error", () => undefined);
  listener.end();
  await listening;
  for (const line of TYPED) await must(dockerArgv(line.split(" ")), { env, cwd: daemon.dir });
  await over;
  const said = await recorder.take();
  mask.learn(said);
  const pieces = said.find((exchange) => exchange.request === "GET /events")?.pieces ?? [];
  return { events: pieces.map((piece) => masked(mask.text(piece.toString()))), pieces };
}

function masked(event: string): string {
  return event
    .replace(/\n$/, "")
    .replace(/"time":\d+,"timeNano":\d{19}/, '"time":0,"timeNano":0')
    .replace(/"execDuration":"\d+"/, '"execDuration":"<n>"');
}
