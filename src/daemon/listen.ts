import { chown, mkdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import { dirname } from "node:path";
import { messageOf, NetError } from "../model/errors.ts";
import type { Address } from "./types.ts";
import { routeUpgrades, type Upgrades } from "./upgrade.ts";

type Route = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that listens. */
export interface Listener {
  /** As it is printed: `/run/netloom/netloom.sock`, `127.0.0.1:2376`. */
  address: string;
  /** Takes no more connections, waits for answers under way, and then closes what is left. */
  close(): Promise<void>;
}

/** How long answers under way may take when the daemon closes. */
const CLOSE_TIMEOUT_MS = 3000;
/** Owner and group may read and write; nobody else. */
const SOCKET_UMASK = 0o117;

/** @throws conflict when somebody listens there, invalid for TCP without mutual TLS. */
export async function listen(address: Address, route: Route, upgrades: Upgrades): Promise<Listener> {
  const server = await serverFor(address, route);
  // An upload may take its time; what must come quickly is the header.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  routeUpgrades(server, upgrades, route);
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  if ("unix" in address) await listenUnix(server, address.unix);
  else await listening(server, () => server.listen(address.tcp));
  return { address: "unix" in address ? address.unix : boundTo(server), close: () => closeServer(server, sockets) };
}

async function serverFor(address: Address, route: Route): Promise<Server> {
  if ("unix" in address) return createServer(route);
  if (address.tls === undefined) {
    throw new NetError("invalid", `tcp://${address.tcp.host}:${address.tcp.port} without TLS: whoever can reach it would be root here`, {
      hint: "give --tlsverify with --tlscacert, --tlscert and --tlskey, or listen on a unix socket",
    });
  }
  const { ca, cert, key } = address.tls;
  const [authority, certificate, secret] = await Promise.all([readPem("CA", ca), readPem("certificate", cert), readPem("key", key)]);
  return createTlsServer(
    { ca: authority, cert: certificate, key: secret, requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.2" },
    route,
  );
}

async function readPem(what: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new NetError("invalid", `the TLS ${what} ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function listenUnix(server: Server, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await refuseTaken({ unix: path });
  // A socket on which nobody answers is what a crash left.
  await rm(path, { force: true });
  await listening(server, () => {
    // bind(2) makes the file: it must not be open to all even for a moment.
    const before = process.umask(SOCKET_UMASK);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
  });
  const gid = await groupId("docker");
  if (gid !== undefined) await chown(path, 0, gid);
}

/** @throws conflict when something is at a unix socket's path that is not a dead daemon's socket. */
export async function refuseTaken(address: Address): Promise<void> {
  if (!("unix" in address)) return;
  const path = address.unix;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new NetError("conflict", `${path} exists and is not a socket`, { hint: "remove it, or listen elsewhere" });
  if (await answers(path))
    throw new NetError("conflict", `a daemon is already listening on ${path}`, { hint: "stop it, or give another --host" });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.on("connect", () => done(true)).on("error", () => done(false));
  });
}

/** [group(5)] */
async function groupId(name: string): Promise<number | undefined> {
  const text = await readFile("/etc/group", "utf8").catch(() => "");
  const line = text.split("\n").find((row) => row.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(":")[2]);
}

function listening(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new NetError("unavailable", `cannot listen: ${error.message}`, { cause: error })));
    server.once("listening", resolve);
    start();
  });
}

function boundTo(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === "string") return String(bound);
  return bound.family === "IPv6" ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, CLOSE_TIMEOUT_MS);
    server.close(() => {
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}
