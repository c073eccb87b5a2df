import test from "ava";
import type { Controller } from "../../../src/controller/types.ts";
import type { Id } from "../../../src/model/id.ts";
import { cidr, ip, member, spec, type Toy, toy, wish } from "./house.ts";

/**
 * The fault sweep: every verb, with its k-th fallible call failing, for every k. A verb that makes leaves everything as it was; a verb that
 * unmakes may have done a part, and doing it again finishes it. Then the same with the daemon stopping dead at k and starting again.
 */
interface Scene {
  name: string;
  /** makes: a failure leaves no trace. unmakes: a repetition finishes. */
  kind: "makes" | "unmakes";
  prepare(controller: Controller): Promise<Id>;
  verb(controller: Controller, id: Id): Promise<unknown>;
}

const web = (networks: string[]) => member("web", networks, { ports: [{ protocol: "tcp", port: 80, hostPort: 8080, hostPortEnd: 8080 }] });

async function withMember(controller: Controller, networks: string[], opened: boolean): Promise<Id> {
  for (const name of ["one", "two"]) await controller.createNetwork(spec(name, name === "two" ? { enableIPv6: true } : {}));
  const row = web(networks);
  controller.addMember(row);
  if (opened) await controller.open(row.id);
  return row.id;
}

const scenes: Scene[] = [
  {
    name: "create a network",
    kind: "makes",
    // The first network turns forwarding on, which stays: a host may have come to rely on it.
    prepare: async (controller) => (await controller.createNetwork(spec("first", { enableIPv6: true }))).network.id,
    verb: (controller) =>
      controller.createNetwork(
        spec("new", { enableIPv6: true, pools: [{ subnet: cidr("10.9.0.0/24"), aux: { router: ip("10.9.0.7") } }] }),
      ),
  },
  {
    name: "remove a network",
    kind: "unmakes",
    prepare: async (controller) => (await controller.createNetwork(spec("old"))).network.id,
    verb: (controller, id) => controller.removeNetwork(id),
  },
  {
    name: "open a sandbox on two networks, with a published port",
    kind: "makes",
    prepare: (controller) => withMember(controller, ["one", "two"], false),
    verb: (controller, id) => controller.open(id),
  },
  {
    name: "close a sandbox",
    kind: "unmakes",
    prepare: (controller) => withMember(controller, ["one", "two"], true),
    verb: (controller, id) => controller.close(id),
  },
  {
    name: "connect to a second network, which takes the gateway and the ports",
    kind: "makes",
    prepare: (controller) => withMember(controller, ["one"], true),
    verb: (controller, id) => controller.connect("two", id, wish({ gatewayPriority: 10, aliases: ["w"] })),
  },
  {
    name: "disconnect the network that has the gateway and the ports",
    kind: "unmakes",
    prepare: (controller) => withMember(controller, ["one", "two"], true),
    verb: (controller, id) => controller.disconnect("one", id, { force: true }),
  },
];

async function prepared(scene: Scene): Promise<{ machine: Toy; controller: Controller; id: Id; calls: number }> {
  const dry = toy();
  const first = dry.start();
  const dryId = await scene.prepare(first);
  dry.faults.count = 0;
  await scene.verb(first, dryId);
  const calls = dry.faults.count;
  const machine = toy();
  const controller = machine.start();
  const id = await scene.prepare(controller);
  machine.faults.count = 0;
  return { machine, controller, id, calls };
}

for (const scene of scenes) {
  test(`${scene.name}: one call fails, for every call`, async (t) => {
    const { calls } = await prepared(scene);
    t.true(calls >= 3, `only ${calls} calls: is the sweep real?`);
    for (let k = 1; k <= calls; k++) {
      const { machine, controller, id } = await prepared(scene);
      const before = machine.picture();
      machine.faults.failAt = k;
      const error = await t.throwsAsync(
        async () => scene.verb(controller, id),
        undefined,
        `call ${k} of ${calls} failed and the verb did not`,
      );
      t.regex(error?.message ?? "", /fault \d+ in/);
      machine.faults.failAt = 0;
      if (scene.kind === "makes") {
        t.is(machine.picture(), before, `call ${k} of ${calls}`);
      } else {
        await scene.verb(controller, id).catch((again: Error) => t.regex(again.message, /not found/));
        t.is(blank(machine.picture()), await done(scene), `again after call ${k} of ${calls}`);
      }
    }
  });

  test(`${scene.name}: the daemon dies at a call, for every call; the container dies with it`, async (t) => {
    const { calls } = await prepared(scene);
    for (let k = 1; k <= calls; k++) {
      const { machine } = await diedAt(scene, k);
      await machine.start().restore(() => undefined);
      t.deepEqual(leftovers(machine), [], `died at call ${k} of ${calls}`);
    }
  });

  test(`${scene.name}: the daemon dies at a call, for every call; the container lives on`, async (t) => {
    const { calls } = await prepared(scene);
    for (let k = 1; k <= calls; k++) {
      const { machine, before } = await diedAt(scene, k);
      await machine.start().restore(() => 4711);
      const now = blank(machine.picture());
      const ends = [blank(before), await done(scene)];
      t.true(ends.includes(now), `died at call ${k} of ${calls}: it is neither as before nor done:\n${unlike(now, ends)}`);
    }
  });
}

/** The machine after the verb's process was killed at its k-th call. */
async function diedAt(scene: Scene, k: number): Promise<{ machine: Toy; before: string }> {
  const { machine, controller, id } = await prepared(scene);
  const before = machine.picture();
  machine.faults.deadAt = k;
  const end = scene.verb(controller, id).then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([machine.faults.died.promise, end]);
  machine.die();
  machine.faults.deadAt = 0;
  // What was already on its way when it died arrives, and goes nowhere from there.
  await new Promise(setImmediate);
  return { machine, before };
}

/** The lines that are in none or only in one of the two ends that are right. */
function unlike(now: string, ends: string[]): string {
  const lines = (text: string) => text.split("\n");
  return ends
    .map((end, i) => {
      const more = lines(now).filter((line) => !lines(end).includes(line));
      const less = lines(end).filter((line) => !lines(now).includes(line));
      return [`against ${i === 0 ? "before" : "done"}:`, ...more.map((line) => `+ ${line}`), ...less.map((line) => `- ${line}`)].join("\n");
    })
    .join("\n");
}

/** How it looks when nothing fails. */
async function done(scene: Scene): Promise<string> {
  const machine = toy();
  const controller = machine.start();
  await scene.verb(controller, await scene.prepare(controller));
  return blank(machine.picture());
}

/** Ids are random: two runs are compared without them. */
function blank(picture: string): string {
  return picture
    .replace(/[0-9a-f]{8,}/g, "#")
    .split("\n")
    .sort()
    .join("\n");
}

/** Links, namespaces, leases, rules and names that belong to no network, after everything else was closed. */
function leftovers(machine: Toy): string[] {
  const rows = <T extends { id: string }>(store: "durable" | "volatile", name: string) => machine[store].table<T>(name).all();
  const networks = rows<{ id: string; state: string; pools: { id: string }[] }>("durable", "networks");
  const known = new Set([...networks.map((network) => network.id), ...networks.flatMap((network) => network.pools.map((pool) => pool.id))]);
  return [
    ...networks.filter((network) => network.state !== "ready").map((network) => `network ${network.state}`),
    ...rows("volatile", "endpoints").map((row) => `endpoint ${row.id}`),
    ...rows("volatile", "sandboxes").map((row) => `sandbox ${row.id}`),
    ...rows("durable", "pools")
      .filter((row) => !known.has(row.id))
      .map((row) => `pool ${row.id}`),
    ...rows<{ id: string; owner: string }>("volatile", "leases")
      .filter((row) => !known.has(row.owner))
      .map((row) => `lease ${row.id}`),
    ...[...machine.rules.keys()].filter((id) => !known.has(id)).map((id) => `rule ${id}`),
    ...[...machine.names.keys()].map((id) => `names ${id}`),
    ...machine.kernel
      .picture()
      .split("\n")
      .filter((line) => /veth|netns\/|^[0-9.]+:\d+/.test(line)),
    ...(machine.kernel.picture().match(/"kind":"bridge"/g)?.length === (networks.length || undefined) ? [] : ["bridges"]),
  ];
}
