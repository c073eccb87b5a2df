import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { drivers } from "../drivers/index.ts";
import { claimHost } from "./app/claim-host.ts";
import { rfc3339Nano, wallClock } from "./app/clock.ts";
import { gatherFacts } from "./app/facts.ts";
import { identity } from "./app/identity.ts";
import { hostResolvConf } from "./app/resolv-conf.ts";
import { textFiles } from "./app/text-files.ts";
import { parseHost } from "./config/address.ts";
import { defaultNetworks } from "./config/default-networks.ts";
import type { Options } from "./config/options.ts";
import { openImages } from "./container/images/index.ts";
import { openContainers } from "./container/index.ts";
import type { House } from "./controller/house.ts";
import { createController } from "./controller/index.ts";
import { createLocks } from "./controller/locks.ts";
import { createPortBook } from "./controller/ports.ts";
import { ensurePredefined } from "./controller/predefined.ts";
import { openState } from "./controller/state.ts";
import { refuseTaken, startDaemon } from "./daemon/index.ts";
import type { Address } from "./daemon/types.ts";
import { startDns } from "./dns/index.ts";
import { createEventLog } from "./events/index.ts";
import { chooseFirewall, clearLeftovers } from "./firewall/choose.ts";
import { runProgram } from "./firewall/iptables/run.ts";
import { DEFAULT_POOLS_4, type DefaultPool, uniqueLocalPools } from "./ipam/default-pools.ts";
import { localIpam } from "./ipam/local.ts";
import { linuxKernel } from "./kernel/linux.ts";
import { familyOf } from "./model/address.ts";
import { messageOf, NetError } from "./model/errors.ts";
import type { Log } from "./model/log.ts";
import type { Store } from "./model/store.ts";
import { sqliteStore } from "./store/index.ts";

/** A running daemon. */
export interface Netloomd {
  /** As people type them: /run/netloom/netloom.sock, tcp://10.0.0.1:2376. */
  addresses: string[];
  /** Resolves with the reason when a part of it ended that it cannot do without. */
  failed: Promise<Error>;
  /** Stops serving; containers and networks stay as they are. */
  close(): Promise<void>;
}

/** Makes the house: every room is made here and handed what it needs. The only place that imports implementations. */
export async function startNetloomd(options: Options, log: Log): Promise<Netloomd> {
  const closing: (() => void | Promise<void>)[] = [];
  const owned = <T>(thing: T, close: (thing: T) => void | Promise<void>): T => {
    closing.unshift(() => close(thing));
    return thing;
  };
  const closeAll = async () => {
    for (const close of closing.splice(0)) {
      try {
        await close();
      } catch (error) {
        log.error("closing a part of the daemon failed", { error: messageOf(error) });
      }
    }
  };
  try {
    // What can be refused is refused before the machine is touched: what is there may be a living daemon's.
    const places = options.hosts.map((host) => withTls(options, host));
    for (const place of places) await refuseTaken(place);
    owned(await claimHost(), (claim) => claim.close());
    for (const folder of [options.dataRoot, options.execRoot, `${options.execRoot}/netns`])
      mkdirSync(folder, { recursive: true, mode: 0o711 });
    const durable = owned(sqliteStore(`${options.dataRoot}/netloom.db`, { durable: true }), (store) => store.close());
    const volatile = owned(sqliteStore(`${options.execRoot}/netloom.db`, { durable: false }), (store) => store.close());
    const kernel = owned(await linuxKernel({ log }), (machine) => machine.close());
    const events = createEventLog(wallClock());
    const tools = { kernel, run: runProgram, log };
    const firewall = await chooseFirewall(options.firewallBackend, tools);
    const dns = owned(await startDns(), (server) => server.close());
    const images = await openImages({ dataRoot: options.dataRoot, store: durable, log });
    const containers = owned(
      await openContainers({ dataRoot: options.dataRoot, execRoot: options.execRoot, store: durable, images, log }),
      (room) => room.close(),
    );
    const house = makeHouse(options, { filesDir: containers.filesDir, kernel, firewall, dns, events, durable, volatile, log });
    closing.unshift(() => house.ports.close());
    const controller = createController(house);
    await containers.restore();
    await controller.restore((memberId) => {
      const state = containers.get(memberId)?.state;
      return state !== undefined && ["running", "paused"].includes(state.status) && state.pid > 0 ? state.pid : undefined;
    });
    await ensurePredefined(house, defaultNetworks(options));
    await clearLeftovers(firewall.name, tools);
    const info = await gatherFacts(options, {
      id: identity(durable),
      features: await kernel.features(),
      firewall: firewall.name,
      drivers: Object.keys(drivers),
    });
    const daemon = owned(await startDaemon({ controller, containers, images, events, info, log }), (server) => server.close());
    const addresses: string[] = [];
    for (const place of places) addresses.push(await daemon.listen(place));
    return { addresses, failed: dns.failed, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

type Rooms = Pick<House, "filesDir" | "kernel" | "firewall" | "dns" | "events" | "log"> & { durable: Store; volatile: Store };

function makeHouse(options: Options, rooms: Rooms): House {
  const { kernel, durable, volatile } = rooms;
  const state = openState(durable, volatile);
  const now = wallClock();
  const ipam = localIpam({
    pools: durable.table("pools"),
    leases: volatile.table("leases"),
    ...defaultPools(options, identity(durable)),
  });
  return {
    ...rooms,
    state,
    drivers: new Map(Object.entries(drivers).map(([name, factory]) => [name, factory(kernel)])),
    ipams: new Map([[ipam.name, ipam]]),
    files: textFiles(),
    locks: createLocks(),
    ports: createPortBook(kernel),
    served: new Set(),
    netnsDir: `${options.execRoot}/netns`,
    filesDir: rooms.filesDir,
    resolvConf: hostResolvConf(),
    dnsDefaults: { servers: options.dns, search: options.dnsSearch, options: options.dnsOptions },
    hostGateway: () =>
      state.networks
        .all()
        .find((network) => network.predefined && network.driver === "bridge")
        ?.pools.find((pool) => pool.family === 4)?.gateway,
    now: () => rfc3339Nano(now()),
  };
}

function defaultPools(options: Options, id: string): { defaultPools: readonly DefaultPool[]; defaultPools6: readonly DefaultPool[] } {
  const given = (family: 4 | 6) => options.addressPools.filter(({ base }) => familyOf(base) === family);
  const globalId = createHash("sha256").update(id).digest().subarray(0, 5);
  return {
    defaultPools: given(4).length > 0 ? given(4) : DEFAULT_POOLS_4,
    defaultPools6: given(6).length > 0 ? given(6) : uniqueLocalPools(globalId),
  };
}

/** TCP is root for whoever reaches it, so it is served with mutual TLS or not at all. */
function withTls(options: Options, host: string): Address {
  const address = parseHost(host);
  if ("unix" in address) return address;
  if (!options.tlsVerify) {
    throw new NetError("invalid", `refusing to listen on ${host} without mutual TLS`, {
      hint: "give --tlsverify with --tlscacert, --tlscert and --tlskey, or use a unix socket",
    });
  }
  return { ...address, tls: { ca: options.tlsCaCert, cert: options.tlsCert, key: options.tlsKey } };
}
