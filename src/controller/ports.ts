import { familyOf, type Ip } from "../model/address.ts";
import type { PortBinding, PortWish, Protocol } from "../model/endpoint.ts";
import { messageOf, NetError } from "../model/errors.ts";
import type { Id } from "../model/id.ts";
import type { HeldPort, Kernel } from "../model/kernel.ts";

/** Who may hold ports: a member, by the name that a conflict tells. */
export interface Holder {
  id: Id;
  name: string;
}

/** The host ports of this machine's members. Each is a bound socket, so that no process of the host can take it. */
export interface PortBook {
  /** Holds what is wished on these addresses, all of it or nothing. @throws internal naming who has a taken port */
  hold(holder: Holder, wishes: PortWish[], addressesOf: (wish: PortWish) => Ip[]): Promise<PortBinding[]>;
  /** Takes exactly these again, after a restart. @returns those that somebody else took meanwhile, with why. */
  holdAgain(holder: Holder, bindings: PortBinding[]): Promise<{ binding: PortBinding; why: string }[]>;
  release(holderId: Id): void;
  close(): void;
}

interface Held {
  holder: Holder;
  protocol: Protocol;
  ip: Ip;
  port: number;
  socket: HeldPort;
}

const EPHEMERAL_TRIES = 64;

export function createPortBook(kernel: Pick<Kernel, "holdPort" | "sysctl" | "host">): PortBook {
  const held = new Map<string, Held[]>();
  let next = 0;

  const key = (protocol: Protocol, port: number) => `${port}/${protocol}`;

  function holderOf(protocol: Protocol, ip: Ip, port: number): Held | undefined {
    const family = familyOf(ip);
    return held
      .get(key(protocol, port))
      ?.find((other) => familyOf(other.ip) === family && (other.ip === ip || isAny(other.ip) || isAny(ip)));
  }

  async function holdOne(holder: Holder, protocol: Protocol, ip: Ip, port: number): Promise<Held> {
    const taken = holderOf(protocol, ip, port);
    if (taken !== undefined) {
      throw new NetError("conflict", `Bind for ${hostPort(ip, port)} failed: port is already allocated by container ${taken.holder.name}`, {
        hint: `choose another host port, or stop ${taken.holder.name}`,
      });
    }
    const socket = await kernel.holdPort(protocol, ip, port);
    const mine: Held = { holder, protocol, ip, port, socket };
    held.set(key(protocol, port), [...(held.get(key(protocol, port)) ?? []), mine]);
    return mine;
  }

  function drop(one: Held): void {
    one.socket.close();
    const rest = (held.get(key(one.protocol, one.port)) ?? []).filter((other) => other !== one);
    if (rest.length === 0) held.delete(key(one.protocol, one.port));
    else held.set(key(one.protocol, one.port), rest);
  }

  /** The same number on every address, or nothing. */
  async function holdAll(holder: Holder, wish: PortWish, addresses: Ip[], port: number): Promise<Held[]> {
    const mine: Held[] = [];
    try {
      for (const ip of addresses) mine.push(await holdOne(holder, wish.protocol, ip, port));
      return mine;
    } catch (error) {
      mine.forEach(drop);
      throw error;
    }
  }

  async function holdFirst(holder: Holder, wish: PortWish, addresses: Ip[]): Promise<Held[]> {
    const candidates = wish.hostPort === 0 ? await ephemeral() : range(wish.hostPort, wish.hostPortEnd);
    let last: unknown;
    for (const port of candidates) {
      try {
        return await holdAll(holder, wish, addresses, port);
      } catch (error) {
        // Only a port that somebody has is a reason to try the next one.
        if (!(error instanceof NetError && error.code === "conflict")) throw error;
        last = error;
      }
    }
    if (candidates.length === 1) throw last;
    throw new NetError("internal", `all ports are allocated: the last one tried says: ${messageOf(last)}`, { cause: last });
  }

  /** A few numbers of the host's ephemeral range, after the last one given, without those that the host reserves. */
  async function ephemeral(): Promise<number[]> {
    const text = (await kernel.sysctl(kernel.host, "net/ipv4/ip_local_port_range")) ?? "49153 65535";
    const [low = 49153, high = 65535] = text.split(/\s+/).map(Number);
    const reserved = parseRanges((await kernel.sysctl(kernel.host, "net/ipv4/ip_local_reserved_ports")) ?? "");
    const ports: number[] = [];
    for (let i = 0; i <= high - low && ports.length < EPHEMERAL_TRIES; i++) {
      next = next < low || next >= high ? low : next + 1;
      const port = next;
      if (!reserved.some(([from, to]) => port >= from && port <= to)) ports.push(port);
    }
    // The first one is taken when it is free; the others must come again, or a thousand ports would use up the range.
    if (ports[0] !== undefined) next = ports[0];
    return ports;
  }

  return {
    async hold(holder, wishes, addressesOf) {
      const all: { held: Held; wish: PortWish }[] = [];
      // Exact ports first, so that a range does not take what another wish names.
      const exactFirst = [...wishes].sort((a, b) => Number(isRange(a)) - Number(isRange(b)));
      try {
        for (const wish of exactFirst) {
          for (const one of await holdFirst(holder, wish, addressesOf(wish))) all.push({ held: one, wish });
        }
      } catch (error) {
        for (const one of all) drop(one.held);
        throw error;
      }
      return all.map(({ held: { protocol, ip, port }, wish }) => ({ protocol, port: wish.port, hostIp: ip, hostPort: port }));
    },
    async holdAgain(holder, bindings) {
      const lost: { binding: PortBinding; why: string }[] = [];
      for (const binding of bindings) {
        try {
          await holdOne(holder, binding.protocol, binding.hostIp, binding.hostPort);
        } catch (error) {
          lost.push({ binding, why: messageOf(error) });
        }
      }
      return lost;
    },
    release(holderId) {
      for (const one of [...held.values()].flat()) if (one.holder.id === holderId) drop(one);
    },
    close() {
      for (const one of [...held.values()].flat()) one.socket.close();
      held.clear();
    },
  };
}

function isAny(ip: Ip): boolean {
  return ip === "0.0.0.0" || ip === "::";
}

function isRange(wish: PortWish): boolean {
  return wish.hostPort === 0 || wish.hostPort !== wish.hostPortEnd;
}

function hostPort(ip: Ip, port: number): string {
  return familyOf(ip) === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** `8080,9148-9200` as /proc writes it. */
function parseRanges(text: string): [number, number][] {
  return text
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [from = 0, to = from] = part.split("-").map(Number);
      return [from, to];
    });
}
