import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import test from "ava";
import {
  closeFd,
  connectSeqpacket,
  netlinkOpen,
  netlinkSubscribe,
  netnsCreate,
  netnsUnbind,
  openNs,
  pollSocket,
  type SystemError,
  sendSeqpacket,
  shutdownWrite,
  socketNumbers,
  waitWritable,
} from "../../native/index.ts";
import { echo, temporaryFolder } from "./fixtures/echo.ts";

/** Everything that a poll tells, until `enough` says so. */
function collect(fd: number, enough: (messages: Buffer[], error: SystemError | null, ended: boolean) => boolean) {
  const all: Buffer[] = [];
  return new Promise<{ messages: Buffer[]; error: SystemError | null; ended: boolean }>((resolve) => {
    const poll = pollSocket(fd, (messages, error) => {
      all.push(...messages);
      const ended = messages.length === 0 && error === null;
      if (!enough(all, error, ended)) return;
      poll.close();
      poll.close();
      resolve({ messages: all, error, ended });
    });
  });
}

test("messages keep their boundaries, and the end is no message and no error", async (t) => {
  await using folder = await temporaryFolder();
  await using server = await echo(folder.path);
  const fd = connectSeqpacket(server.path);
  const sent = Array.from({ length: 200 }, (_, i) => Buffer.alloc(i + 1, i));
  const received = collect(fd, (messages) => messages.length === sent.length);
  for (const message of sent) while (!sendSeqpacket(fd, message)) await waitWritable(fd);
  t.deepEqual((await received).messages, sent);
  shutdownWrite(fd);
  const end = await collect(fd, (_, error, ended) => ended || error !== null);
  t.true(end.ended);
  closeFd(fd);
});

test("sending to a reader that stalls says so, and waits", async (t) => {
  await using folder = await temporaryFolder();
  await using server = await echo(folder.path);
  const fd = connectSeqpacket(server.path);
  const stalled = collect(fd, (messages) => messages.length > 0);
  sendSeqpacket(fd, Buffer.from("stall"));
  await stalled;
  const message = Buffer.alloc(1000);
  let sent = 0;
  while (sendSeqpacket(fd, message)) sent++;
  t.true(sent > 0);
  const writable = waitWritable(fd);
  const echoed = collect(fd, (messages) => messages.length === sent + 1);
  server.resume();
  await writable;
  t.true(sendSeqpacket(fd, message));
  await t.notThrowsAsync(echoed);
  closeFd(fd);
});

test("a path longer than sun_path is reached through its folder", async (t) => {
  await using folder = await temporaryFolder();
  await using server = await echo(folder.path);
  const long = `${folder.path}/${"./".repeat(60)}echo.sock`;
  t.true(long.length > 107);
  const fd = connectSeqpacket(long);
  const answer = collect(fd, (messages) => messages.length > 0);
  sendSeqpacket(fd, Buffer.from("hello"));
  t.is((await answer).messages.join(), "hello");
  closeFd(fd);
  t.throws(() => connectSeqpacket(`${folder.path}/${"./".repeat(60)}nobody.sock`), { code: "ENOENT" });
  t.throws(() => connectSeqpacket("x".repeat(108)), { code: "ENAMETOOLONG" });
  t.throws(() => connectSeqpacket(`${folder.path}/${"x".repeat(100)}`), { code: "ENAMETOOLONG" });
  t.throws(() => connectSeqpacket(`${server.path}x`), { code: "ENOENT" });
});

test("a netlink listener that was too slow is told ENOBUFS, and hears what comes after", async (t) => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/netns`;
  await netnsCreate(path, []);
  const ns = openNs(path);
  const fd = netlinkOpen(ns, socketNumbers.NETLINK_ROUTE);
  netlinkSubscribe(fd, 1); // RTNLGRP_LINK
  try {
    // More than 16 MiB of events: the kernel doubles what the addon asks for.
    const changes = Array.from({ length: 12_000 }, (_, i) => `link set lo mtu ${2000 + (i & 1)}\n`);
    const ip = (input: string) => execFileSync("nsenter", [`--net=${path}`, "ip", "-batch", "-"], { input });
    const overrun = collect(fd, (_, error) => error !== null);
    ip(changes.join("")); // this thread does not read meanwhile
    t.is((await overrun).error?.code, "ENOBUFS");
    const after = collect(fd, (messages) => messages.at(-1)?.includes("nl-after\0") === true);
    ip("link add nl-after type bridge\n");
    await t.notThrowsAsync(after);
  } finally {
    closeFd(fd);
    closeFd(ns);
    await netnsUnbind(path);
  }
});

test("what a listener throws is an uncaught exception, as everywhere", async (t) => {
  await using folder = await temporaryFolder();
  await using server = await echo(folder.path);
  const worker = new Worker(new URL("fixtures/throwing-listener.ts", import.meta.url), { workerData: server.path });
  const [error] = (await once(worker, "error")) as [Error];
  t.is(error.message, "thrown by the listener");
});

test("a worker ends while it polls and waits", async (t) => {
  await using folder = await temporaryFolder();
  await using server = await echo(folder.path);
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(new URL("fixtures/polling-worker.ts", import.meta.url), { workerData: server.path });
    const [received] = (await once(worker, "message")) as [string];
    t.is(received, "hello");
    t.is(await worker.terminate(), 1);
  }
});

test("wrong arguments", (t) => {
  t.throws(() => pollSocket(999_999, () => undefined), { code: "EBADF" });
  t.throws(() => pollSocket(0, 1 as never), { instanceOf: TypeError });
  t.throws(() => waitWritable(999_999), { code: "EBADF" });
});
