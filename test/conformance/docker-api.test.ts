import { once } from "node:events";
import test, { type ExecutionContext } from "ava";
import { DOCKER } from "../support/docker.ts";
import { end } from "../support/process.ts";
import { ANY_JSON } from "./docker-api/answers.ts";
import { CONTAINER_ERRORS } from "./docker-api/container-errors.ts";
import { COPYING } from "./docker-api/copying.ts";
import { expectedEvents, heardEvents } from "./docker-api/events.ts";
import { IMAGES } from "./docker-api/images.ts";
import { INSPECT } from "./docker-api/inspecting.ts";
import { LIFE } from "./docker-api/life.ts";
import { LOGS } from "./docker-api/logs.ts";
import { JOIN_ERRORS, NETWORK_ERRORS } from "./docker-api/network-errors.ts";
import { JOINING, NETWORKS } from "./docker-api/networks.ts";
import { PORTS, portErrors } from "./docker-api/ports.ts";
import { RAW_ERRORS } from "./docker-api/raw-errors.ts";
import { HOUSE } from "./docker-api/refusals.ts";
import { openStage, type Stage } from "./docker-api/stage.ts";
import type { Step } from "./docker-api/story.ts";
import { STREAMS } from "./docker-api/streams.ts";
import { playTerminals } from "./docker-api/terminal.ts";
import { VERSIONS } from "./docker-api/version.ts";
import { VOLUMES } from "./docker-api/volumes.ts";

// The unmodified docker client is told what to do, and what goes over the wire is compared with what dockerd 28.5 was recorded to say to the
// same client: statuses, types, members and their order, null and empty, frames, events, errors. `instead(...)` marks what is different by
// design, with its reason.

const NO_CLIENT = "there is no docker client on this machine; scripts/setup says why";

const shared: { stage?: Stage } = {};

function story(title: string, body: (t: ExecutionContext, stage: Stage) => Promise<void>): void {
  if (DOCKER === undefined) {
    test.skip(`${title} [skipped: ${NO_CLIENT}]`, () => undefined);
    return;
  }
  test.serial(title, async (t) => {
    shared.stage ??= await openStage();
    try {
      await body(t, shared.stage);
    } finally {
      await shared.stage.clear();
    }
  });
}

const plays = (title: string, steps: readonly Step[]) => story(title, (t, stage) => stage.play(t, steps));

test.after.always(() => shared.stage?.[Symbol.asyncDispose]());

plays("versions are told and negotiated", VERSIONS);
plays("networks are made, shown and removed", NETWORKS);
plays("containers join networks and leave them", JOINING);
plays("inspect has every member in its place", INSPECT);
plays("a container's life, verb by verb", LIFE);
plays("streams of run, start and exec", STREAMS);
plays("logs, and what was said before", LOGS);
plays("ports in inspect, in the list and in docker port", PORTS);
plays("files are copied in and out, compared and exported", COPYING);
plays("images without a registry", IMAGES);
plays("volumes, disk usage, and what prunes remove", VOLUMES);

story("a terminal: sizes, detach keys, exit status", (t, stage) => playTerminals(t, stage));

story("events: what, in which order, each in a piece of its own", async (t, stage) => {
  const { events, pieces } = await heardEvents(stage);
  t.deepEqual(events, expectedEvents());
  t.true(pieces.every((piece) => piece.indexOf("\n") === piece.length - 1));
});

story("events of before: since, until, filters", async (t, stage) => {
  const made = { line: "docker volume create past", wire: [["POST /volumes/create", 201, ANY_JSON]] } satisfies Step;
  const gone = { line: "docker volume rm past", wire: [["DELETE /volumes/past", 204]] } satisfies Step;
  const asked = 'GET /events?filters={"type":{"volume":true},"volume":{"past":true}}&since=<unix>&until=<unix>';
  const format = "'{{.Action}} {{.Actor.Attributes.driver}}'";
  // A time of the future is waited for.
  const line = `docker events --since 1h --until $(($(date +%s) + 1)) --filter type=volume --filter volume=past --format ${format}`;
  await stage.play(t, [made, gone, { line, prints: "create local\ndestroy local\n", wire: [[asked, 200, ANY_JSON]] }]);
});

story("the stat of a path is in a header, as Go writes it", async (t, { daemon }) => {
  await daemon.ask("POST", "/containers/create?name=box", { Image: "alpine", Cmd: ["true"] });
  const statOf = async (path: string) => {
    const { headers } = await daemon.api("HEAD", `/containers/box/archive?path=${path}`);
    const text = Buffer.from(String(headers["x-docker-container-path-stat"]), "base64").toString();
    return text.replace(/"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d*[1-9])?Z"/, '"<time>"');
  };
  t.is(await statOf("/www/index.html"), '{"name":"index.html","size":19,"mode":420,"mtime":"<time>","linkTarget":""}');
  t.is(await statOf("/bin/sh"), '{"name":"sh","size":7,"mode":134218239,"mtime":"<time>","linkTarget":"/bin/busybox"}');
  t.regex(await statOf("/www/"), /^\{"name":"www","size":\d+,"mode":2147484141,"mtime":"<time>","linkTarget":""\}$/);
});

story("errors: a port that another program of the host has", async (t, stage) => {
  const script = "require('net').createServer().listen(7999, () => console.log('up'))";
  const other = stage.host.start([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(other.stdout as NodeJS.ReadableStream, "data");
    await stage.play(t, portErrors(other.pid ?? 0));
  } finally {
    await end(other);
  }
});

plays("errors: networks", [...HOUSE, ...NETWORK_ERRORS]);
plays("errors: who joins", [...HOUSE, ...JOIN_ERRORS]);
plays("errors: containers", [...HOUSE, ...CONTAINER_ERRORS]);
plays("errors: requests that the client would not send", [...HOUSE, ...RAW_ERRORS]);

story("a ping tells by its headers what clients choose by", async (t, { daemon }) => {
  const { headers } = await daemon.api("HEAD", "/_ping");
  t.like(headers, {
    "api-version": "1.51",
    "builder-version": "1",
    "cache-control": "no-cache, no-store, must-revalidate",
    "content-length": "0",
    "docker-experimental": "false",
    ostype: "linux",
    pragma: "no-cache",
    swarm: "inactive",
  });
});

story("errors: paths that no route has", async (t, { daemon }) => {
  for (const [method, path] of [
    ["GET", "/v1.51/nosuch"],
    ["PUT", "/v1.51/info"],
  ] as const) {
    const { status, headers, body } = await daemon.api(method, path);
    t.deepEqual({ status, body }, { status: 404, body: { message: "page not found" } });
    t.is(headers["content-type"], "application/json");
    t.is(headers["api-version"], undefined, "no route has put the usual headers there");
  }
});
