import { drivers } from "../../../drivers/index.ts";
import type { House, TextFiles } from "../../../src/controller/house.ts";
import { createController } from "../../../src/controller/index.ts";
import { createLocks } from "../../../src/controller/locks.ts";
import { createPortBook } from "../../../src/controller/ports.ts";
import { openState } from "../../../src/controller/state.ts";
import type { Controller } from "../../../src/controller/types.ts";
import { localIpam } from "../../../src/ipam/local.ts";
import { type FakeKernel, fakeKernel } from "../../../src/kernel/fake.ts";
import { type Cidr, type Ip, parseCidr, parseIp } from "../../../src/model/address.ts";
import type { EndpointWish } from "../../../src/model/endpoint.ts";
import { NetError } from "../../../src/model/errors.ts";
import type { NetEvent } from "../../../src/model/event.ts";
import { newId } from "../../../src/model/id.ts";
import type { Member } from "../../../src/model/member.ts";
import type { NetworkSpec } from "../../../src/model/network.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { Store } from "../../../src/model/store.ts";
import { memoryStore } from "../../../src/store/index.ts";

/** A house on a toy machine. The stores and the machine outlive a controller, so that a test can stop it dead and start another. */
export interface Toy {
  kernel: FakeKernel;
  durable: Store;
  volatile: Store;
  rules: Map<string, Policy>;
  names: Map<string, string[]>;
  resolvers: Set<string>;
  files: Map<string, string>;
  events: NetEvent[];
  /**
   * Counts the fallible calls; the k-th one throws. 0 never does. At `deadAt` the process is gone: that call and all that follow never come
   * back, as after a kill -9, and `died` resolves.
   */
  faults: { count: number; failAt: number; deadAt: number; died: PromiseWithResolvers<void> };
  /** Machine, rows, rules, names and leases as text: equal texts are equal states. */
  picture(): string;
  start(): Controller;
  /** Of the controller that was started last: once it is over, none of its calls comes back. */
  life: { over: boolean };
  /** kill -9: sockets go, and with them held ports and resolvers. */
  die(): void;
}

export function toy(): Toy {
  const kernel = fakeKernel();
  const machine: Toy = {
    kernel,
    durable: memoryStore(),
    volatile: memoryStore(),
    rules: new Map(),
    names: new Map(),
    resolvers: new Set(),
    files: new Map([["/etc/resolv.conf", "nameserver 10.0.0.53\n"]]),
    events: [],
    faults: { count: 0, failAt: 0, deadAt: 0, died: Promise.withResolvers() },
    picture: () => picture(machine),
    start: () => start(machine),
    life: { over: false },
    die() {
      machine.life.over = true;
      kernel.die();
      machine.resolvers.clear();
    },
  };
  kernel.log.length = 0;
  return machine;
}

function start(machine: Toy): Controller {
  const life = { over: false };
  machine.life = life;
  const faulty = <T extends object>(room: T): T => withFaults(machine, room, life);
  const kernel = faulty(machine.kernel);
  const ipam = localIpam({
    pools: machine.durable.table("pools"),
    leases: machine.volatile.table("leases"),
    defaultPools: [
      { base: "172.18.0.0/16" as Cidr, size: 16 },
      { base: "192.168.0.0/16" as Cidr, size: 20 },
    ],
    defaultPools6: [{ base: "fd00:1::/48" as Cidr, size: 64 }],
  });
  const files: TextFiles = {
    async write(path, text) {
      machine.files.set(path, text);
    },
    read: async (path) => machine.files.get(path) ?? "",
  };
  const house: House = {
    kernel,
    drivers: new Map(Object.entries(drivers).map(([name, factory]) => [name, factory(kernel)])),
    ipams: new Map([["default", faulty(ipam)]]),
    firewall: faulty({
      // A name that has rules: what is only done under their protection is done here too.
      name: "nftables" as const,
      async set(policies: Policy[]) {
        machine.rules.clear();
        for (const policy of policies) machine.rules.set(policy.id, policy);
      },
      async change(put: Policy[], drop: string[]) {
        for (const policy of put) machine.rules.set(policy.id, policy);
        for (const id of drop) machine.rules.delete(id);
      },
      async clear() {},
    }),
    dns: faulty({
      async set(records) {
        machine.names.clear();
        for (const record of records) machine.names.set(record.endpointId, record.names);
      },
      async change(put, drop) {
        for (const record of put) machine.names.set(record.endpointId, record.names);
        for (const id of drop) machine.names.delete(id);
      },
      async serve(view, sockets) {
        if (sockets === undefined && !machine.resolvers.has(view.sandboxId)) throw new Error("a sandbox without sockets is served");
        machine.resolvers.add(view.sandboxId);
      },
      async stop(id) {
        machine.resolvers.delete(id);
      },
      async close() {},
      failed: new Promise(() => undefined),
    } as House["dns"]),
    events: {
      emit: (event) => void machine.events.push({ ...event, timeNano: 0n }),
      since: () => machine.events,
      listen: () => () => undefined,
    },
    state: openState(machine.durable, machine.volatile),
    durable: machine.durable,
    files,
    locks: createLocks(),
    ports: createPortBook(kernel),
    served: new Set(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    netnsDir: "/run/netloom/netns",
    filesDir: (id) => `/files/${id}`,
    resolvConf: "/etc/resolv.conf",
    dnsDefaults: { servers: [], search: [], options: [] },
    hostGateway: () => undefined,
    now: () => "2026-01-01T00:00:00.000000000Z",
  };
  return createController(house);
}

/** Every async method may fail, before its deed or (odd counts) after it: a kernel can answer late. */
function withFaults<T extends object>(machine: Toy, room: T, life: { over: boolean }): T {
  return new Proxy(room, {
    get(target, key, receiver) {
      const value = Reflect.get(target, key, receiver);
      if (typeof value !== "function" || ["picture", "forgetPins", "die", "use"].includes(String(key))) return value;
      return async (...args: unknown[]) => {
        const { faults } = machine;
        const mine = ++faults.count;
        if (life.over) return new Promise(() => undefined);
        const dies = faults.deadAt > 0 && mine >= faults.deadAt;
        const fails = mine === faults.failAt;
        const failure = () => new NetError("internal", `fault ${mine} in ${String(key)}`);
        // A socket that was bound and not handed over is closed by whoever failed to hand it over.
        if (fails && (mine % 2 === 0 || key === "holdPort")) throw failure();
        if (!dies || (mine === faults.deadAt && mine % 2 === 1)) {
          const result = await Reflect.apply(value, target, args);
          if (fails) throw failure();
          if (!dies) return result;
        }
        faults.died.resolve();
        return new Promise(() => undefined);
      };
    },
  });
}

function picture(machine: Toy): string {
  const rows = [machine.durable, machine.volatile].flatMap((store) =>
    ["networks", "members", "pools", "sandboxes", "endpoints", "leases"].flatMap((name) =>
      store
        .table<{ id: string }>(name)
        .all()
        .map((row) => `${name} ${JSON.stringify(row)}`),
    ),
  );
  const derived = [
    ...[...machine.rules].map(([id, policy]) => `rule ${id} ${JSON.stringify(policy)}`),
    ...[...machine.names].map(([id, names]) => `names ${id} ${names.join(" ")}`),
    ...[...machine.resolvers].map((id) => `resolver ${id}`),
  ];
  // The default of links to come is put back after each link; a fault in between leaves it, and it harms nobody.
  const kernel = machine.kernel.picture().replace(/\n?net\/ipv6\/conf\/default\/disable_ipv6=[01]/g, "");
  return [kernel, ...rows.sort(), ...derived.sort()].join("\n");
}

export function spec(name: string, more: Partial<NetworkSpec> = {}): NetworkSpec {
  return {
    name,
    driver: "bridge",
    internal: false,
    attachable: false,
    enableIPv4: true,
    enableIPv6: false,
    ipamDriver: "default",
    ipamOptions: {},
    pools: [],
    options: {},
    labels: {},
    ...more,
  };
}

export function wish(more: Partial<EndpointWish> = {}): EndpointWish {
  return { linkLocal: [], aliases: [], links: [], driverOptions: {}, gatewayPriority: 0, ...more };
}

export function member(name: string, networks: string[], more: Partial<Member> = {}): Member {
  return {
    id: newId(),
    name,
    door: "library",
    hostname: name,
    domainname: "",
    mode: "own",
    wishes: networks.map((network) => ({ network, wish: wish() })),
    ports: [],
    dns: { servers: [], search: [], options: [] },
    extraHosts: [],
    ...more,
  };
}

export const ip = (text: string): Ip => parseIp(text);
export const cidr = (text: string): Cidr => parseCidr(text);
