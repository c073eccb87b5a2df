import test from "ava";
import { ask as askUpstreams } from "../../../src/dns/ask.ts";
import type { Dial, Upstream } from "../../../src/dns/dial.ts";
import { newQuery, readQuery } from "../../../src/dns/wire.ts";
import { parseIp } from "../../../src/model/address.ts";
import { addresses, ask, parse, reply } from "./house.ts";

const patience = { tryMs: 40, totalMs: 150 };
const upstreams: Upstream[] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((ip) => ({ address: parseIp(ip), port: 53, from: "host" }));
type Behaviour = (query: Buffer, times: number) => Buffer | Error | undefined;

/** Servers that do as told; `asked` is who was asked, in order, and `open` how many calls are open. */
function toyDial(behaviours: Behaviour[]): { dial: Dial; asked: number[]; open(): number } {
  const asked: number[] = [];
  let open = 0;
  const dial: Dial = (upstream, _transport, query, heard) => {
    const index = upstreams.indexOf(upstream);
    asked.push(index);
    open++;
    const times = asked.filter((other) => other === index).length;
    const result = behaviours[index]?.(query, times);
    if (result) setImmediate(heard, result);
    return { close: () => open-- };
  };
  return { dial, asked, open: () => open };
}

function run(behaviours: Behaviour[], count = behaviours.length) {
  const toy = toyDial(behaviours);
  const message = ask("Example.com");
  const query = newQuery();
  readQuery(message, 0, message.length, query);
  const asking = askUpstreams(message, query, upstreams.slice(0, count), "udp", toy.dial, patience);
  return { ...toy, ...asking };
}

const good: Behaviour = (query) => reply(query, { ips: ["198.51.100.7"] });
const code =
  (rcode: number): Behaviour =>
  (query) =>
    reply(query, { rcode });
const silent: Behaviour = () => undefined;

test("the first that answers is the only one asked; id and spelling are the client's", async (t) => {
  const { answer, asked, open } = run([
    (query) => reply(Buffer.from(query.toString("latin1").replace("Example", "exaMPLE"), "latin1"), { ips: ["198.51.100.7"] }),
    good,
  ]);
  const bytes = await answer;
  t.is(parse(bytes ?? 0).header.id, 0x1234);
  t.is(parse(bytes ?? 0).questions[0]?.name, "Example.com");
  t.deepEqual(asked, [0]);
  t.is(open(), 0);
});

test("SERVFAIL, REFUSED and errors go to the next at once", async (t) => {
  const { answer, asked } = run([code(2), code(5), good]);
  t.deepEqual(addresses(parse((await answer) ?? 0)), ["198.51.100.7"]);
  t.deepEqual(asked, [0, 1, 2]);
  t.is(await run([() => new Error("connect ECONNREFUSED"), code(2)]).answer, undefined);
});

test("NXDOMAIN and an empty answer are answers", async (t) => {
  t.is(parse((await run([code(3), good]).answer) ?? 0).header.rcode, 3);
  t.is(parse((await run([code(0), good]).answer) ?? 0).header.ancount, 0);
});

test("silence goes to the next, then round again, then ends; nothing stays open", async (t) => {
  const quiet = run([silent, silent]);
  t.is(await quiet.answer, undefined);
  t.deepEqual(quiet.asked.slice(0, 3), [0, 1, 0]);
  t.is(quiet.open(), 0);
  const lost = run([(query, times) => (times === 2 ? reply(query, { ips: ["198.51.100.7"] }) : undefined)]);
  t.deepEqual(addresses(parse((await lost.answer) ?? 0)), ["198.51.100.7"]);
});

test("the first one's late answer still counts", async (t) => {
  const toy = toyDial([]);
  const message = ask("example.com");
  const query = newQuery();
  readQuery(message, 0, message.length, query);
  const first = Promise.withResolvers<() => void>();
  const dial: Dial = (upstream, transport, sent, heard) => {
    if (upstream === upstreams[0]) first.resolve(() => heard(reply(sent, { ips: ["198.51.100.1"] })));
    else first.promise.then((answer) => answer());
    return toy.dial(upstream, transport, sent, heard);
  };
  const { answer } = askUpstreams(message, query, upstreams.slice(0, 2), "udp", dial, patience);
  t.deepEqual(addresses(parse((await answer) ?? 0)), ["198.51.100.1"]);
});

test("what does not belong to the question is not heard", async (t) => {
  const forged: Behaviour[] = [
    (query) => {
      const answer = reply(query, { ips: ["203.0.113.1"] });
      answer.writeUInt16BE(answer.readUInt16BE(0) ^ 1, 0);
      return answer;
    },
    (query) => reply(Buffer.from(query.toString("latin1").replace("Example", "Exarnpl"), "latin1"), { ips: ["203.0.113.1"] }),
    (query) => query,
  ];
  for (const behaviour of forged) t.is(await run([behaviour]).answer, undefined);
});

test("a refusal without the question is a refusal", async (t) => {
  const { answer, asked } = run([(query) => Buffer.concat([query.subarray(0, 2), Buffer.of(0x80, 5, 0, 0, 0, 0, 0, 0, 0, 0)]), good]);
  t.deepEqual(addresses(parse((await answer) ?? 0)), ["198.51.100.7"]);
  t.deepEqual(asked, [0, 1]);
});

test("cancelling ends the waiting", async (t) => {
  const { answer, cancel, open } = run([silent]);
  cancel();
  t.is(await answer, undefined);
  t.is(open(), 0);
});
