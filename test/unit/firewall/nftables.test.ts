import test from "ava";
import { resetTable } from "../../../src/firewall/nftables/table.ts";
import { nftablesFirewall } from "../../../src/firewall/nftables.ts";
import { printBatch } from "../../../src/kernel/netfilter/print.ts";
import { NetError } from "../../../src/model/errors.ts";
import type { NftBatch } from "../../../src/model/nft.ts";
import { endpoint, network, port } from "./policies.ts";

/** A kernel that takes every batch, except where `refuse` has an error for it. */
function recorder() {
  const sent: string[] = [];
  const refuse: NetError[] = [];
  const kernel = {
    host: { path: "/proc/self/ns/net" },
    async nft(_: unknown, batch: NftBatch) {
      sent.push(printBatch(batch));
      const error = refuse.shift();
      if (error !== undefined) throw error;
    },
  };
  return { firewall: nftablesFirewall(kernel), refuse, taken: () => sent.splice(0) };
}

const RESET = printBatch(resetTable());

test("change sends what changes and nothing else", async (t) => {
  const { firewall, taken } = recorder();
  await firewall.set([network(), endpoint("a", [port("0.0.0.0", 8080, 80)])]);
  taken();

  await firewall.change([endpoint("b", [port("192.0.2.1", 8081, 81)])], []);
  t.deepEqual(taken(), [
    'add element inet netloom published4 { "br-web" . 172.18.0.2 . tcp . 81 }\n' +
      "add element inet netloom dnat4 { 192.0.2.1 . tcp . 8081 : 172.18.0.2 . 81 }\n",
  ]);

  await firewall.change([endpoint("b", [port("192.0.2.1", 8081, 82)])], []);
  t.deepEqual(taken(), [
    'delete element inet netloom published4 { "br-web" . 172.18.0.2 . tcp . 81 }\n' +
      "delete element inet netloom dnat4 { 192.0.2.1 . tcp . 8081 }\n" +
      "add element inet netloom dnat4 { 192.0.2.1 . tcp . 8081 : 172.18.0.2 . 82 }\n" +
      'add element inet netloom published4 { "br-web" . 172.18.0.2 . tcp . 82 }\n',
  ]);
});

test("doing it twice is doing it once", async (t) => {
  const { firewall, taken } = recorder();
  const policies = [network(), endpoint("a", [port("0.0.0.0", 8080, 80)])];
  await firewall.set(policies);
  await firewall.set(policies);
  const [first, second] = taken();
  t.is(first, second);
  await firewall.change(policies, ["endpoint-gone"]);
  await firewall.change([], []);
  t.deepEqual(taken(), []);
});

test("an element of two stays until both are gone", async (t) => {
  const { firewall, taken } = recorder();
  await firewall.set([network()]);
  await firewall.change(
    [endpoint("a", [port("0.0.0.0", 8080, 80), port("0.0.0.0", 8081, 80)]), endpoint("b", [port("192.0.2.1", 8082, 80)])],
    [],
  );
  taken();
  await firewall.change([], ["endpoint-a"]);
  t.deepEqual(taken(), ["delete element inet netloom dnat4_any { tcp . 8080, tcp . 8081 }\n"]);
  await firewall.change([], ["endpoint-b"]);
  t.deepEqual(taken(), [
    'delete element inet netloom published4 { "br-web" . 172.18.0.2 . tcp . 80 }\ndelete element inet netloom dnat4 { 192.0.2.1 . tcp . 8082 }\n',
  ]);
});

test("a host port that leads to one container cannot lead to another", async (t) => {
  const { firewall, taken } = recorder();
  await firewall.set([network(), endpoint("a", [port("0.0.0.0", 8080, 80)])]);
  taken();
  await t.throwsAsync(firewall.change([endpoint("b", [port("0.0.0.0", 8080, 81)])], []), {
    code: "conflict",
    message: "tcp 8080 cannot lead to 172.18.0.2:81 for endpoint-b: it leads to 172.18.0.2:80 for endpoint-a",
  });
  t.deepEqual(taken(), []);
});

test("a host port changes hands in one batch", async (t) => {
  const { firewall, taken } = recorder();
  await firewall.set([network(), endpoint("a", [port("0.0.0.0", 8080, 80)])]);
  taken();
  await firewall.change([endpoint("b", [port("0.0.0.0", 8080, 81)])], ["endpoint-a"]);
  t.is(taken().length, 1);
});

test("a change that the kernel refuses has not happened", async (t) => {
  const { firewall, taken, refuse } = recorder();
  await firewall.set([network()]);
  taken();
  refuse.push(new NetError("forbidden", "no"));
  await t.throwsAsync(firewall.change([endpoint("a", [port("0.0.0.0", 8080, 80)])], []), { code: "forbidden" });
  const [refused] = taken();
  await firewall.change([endpoint("a", [port("0.0.0.0", 8080, 80)])], []);
  t.deepEqual(taken(), [refused]);
});

for (const code of ["notFound", "conflict"] as const) {
  test(`a table that is not as it was (${code}) is made again with the change in it`, async (t) => {
    const { firewall, taken, refuse } = recorder();
    await firewall.set([network()]);
    const [made] = taken();
    refuse.push(new NetError(code, "the table was flushed"));
    await firewall.change([endpoint("a", [port("0.0.0.0", 8080, 80)])], []);
    const [change, again] = taken();
    t.is(again, `${made}${change}`);
  });
}

test("calls that come together are done one after the other", async (t) => {
  const { firewall, taken } = recorder();
  const a = endpoint("a", [port("0.0.0.0", 8080, 80)]);
  await Promise.all([firewall.set([network()]), firewall.change([a], []), firewall.change([], [a.id]), firewall.set([])]);
  const batches = taken();
  t.is(batches.length, 4);
  t.is(batches[3], RESET);
});

test("clear keeps a table in which a person has put something", async (t) => {
  const { firewall, taken, refuse } = recorder();
  await firewall.clear();
  const [rules, table] = taken();
  t.false(rules?.includes("delete chain inet netloom user"));
  t.is(table, "delete chain inet netloom user\ndelete table inet netloom\n");
  const accepted = undefined as unknown as NetError;
  refuse.push(accepted, new NetError("conflict", "device or resource busy"));
  await t.notThrowsAsync(firewall.clear());
  refuse.push(accepted, new NetError("forbidden", "no"));
  await t.throwsAsync(firewall.clear(), { code: "forbidden" });
});
