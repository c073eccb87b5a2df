import test, { type ExecutionContext } from "ava";
import { DEFAULT_POOLS_4, type LeaseRow, localIpam, type PoolRow, uniqueLocalPools } from "../../../src/ipam/index.ts";
import { parseCidr, parseIp } from "../../../src/model/address.ts";
import { NetError } from "../../../src/model/errors.ts";
import type { PoolRequest } from "../../../src/model/ipam.ts";
import type { Table } from "../../../src/model/store.ts";

/** A table in a Map, which can be told to fail. */
function table<T extends { id: string }>(): Table<T> & { failing: boolean } {
  const rows = new Map<string, T>();
  const made = {
    failing: false,
    get: (id: string) => rows.get(id),
    put: (row: T) => {
      if (made.failing) throw new NetError("unavailable", "disk full");
      rows.set(row.id, row);
    },
    delete: (id: string) => {
      if (made.failing) throw new NetError("unavailable", "disk full");
      rows.delete(id);
    },
    all: () => [...rows.values()],
  };
  return made;
}

function fresh() {
  const pools = table<PoolRow>();
  const leases = table<LeaseRow>();
  const open = () => localIpam({ pools, leases, defaultPools: DEFAULT_POOLS_4, defaultPools6: uniqueLocalPools(new Uint8Array(5)) });
  return { pools, leases, open, ipam: open() };
}

function wish(subnet?: string, more: Partial<PoolRequest> = {}): PoolRequest {
  return { family: subnet?.includes(":") ? 6 : 4, avoid: [], ...(subnet === undefined ? {} : { subnet: parseCidr(subnet) }), ...more };
}

async function refused(t: ExecutionContext, deed: Promise<unknown>): Promise<NetError> {
  return t.throwsAsync(deed, { instanceOf: NetError });
}

test("pools are chosen in order, around what the host uses, and given again when they are free", async (t) => {
  const { ipam } = fresh();
  const avoid = [parseCidr("172.17.1.0/24"), parseCidr("fd00::/64")];
  const first = await ipam.requestPool(wish(undefined, { avoid }));
  t.is(first.subnet, parseCidr("172.18.0.0/16"));
  const second = await ipam.requestPool(wish());
  t.is(second.subnet, parseCidr("172.17.0.0/16"));
  await ipam.releasePool(first.id);
  await ipam.releasePool(first.id);
  t.is((await ipam.requestPool(wish())).subnet, parseCidr("172.18.0.0/16"));
  t.is((await ipam.requestPool({ family: 6, avoid })).subnet, parseCidr("fd00:0:0:1::/64"));
});

test("an unspecified subnet asks for a size", async (t) => {
  const { ipam } = fresh();
  t.is((await ipam.requestPool(wish("0.0.0.0/24"))).subnet, parseCidr("172.17.0.0/24"));
  t.is((await ipam.requestPool(wish("0.0.0.0/24"))).subnet, parseCidr("172.17.1.0/24"));
  t.is((await ipam.requestPool(wish("0.0.0.0/15"))).subnet, parseCidr("172.20.0.0/15"));
  t.is((await ipam.requestPool(wish("::/80"))).subnet, parseCidr("fd00::/80"));
  const error = await refused(t, ipam.requestPool(wish("0.0.0.0/8")));
  t.is(error.message, "all predefined address pools have been fully subnetted");
  t.regex(error.hint ?? "", /^no default IPv4 address pool holds a \/8; given out: 172.17.0.0\/24, /);
});

test("a named subnet may overlap the host, but no other pool", async (t) => {
  const { ipam } = fresh();
  await ipam.requestPool(wish("10.10.0.0/16", { avoid: [parseCidr("10.0.0.0/8")], owner: "web" }));
  for (const subnet of ["10.10.0.0/16", "10.10.3.0/24", "10.0.0.0/8"]) {
    const error = await refused(t, ipam.requestPool(wish(subnet)));
    t.is(error.code, "forbidden");
    t.is(error.message, "invalid pool request: Pool overlaps with other one on this address space");
    t.is(error.hint, `${subnet} overlaps with 10.10.0.0/16 of network web`);
  }
  await t.notThrowsAsync(ipam.requestPool(wish("10.11.0.0/16")));
});

test("a range outside of its subnet and a subnet of the other family are refused", async (t) => {
  const { ipam, pools } = fresh();
  const range = await refused(t, ipam.requestPool(wish("10.0.0.0/24", { range: parseCidr("10.0.1.0/28") })));
  t.is(range.message, "invalid ip-range 10.0.1.0/28: parent subnet 10.0.0.0/24 doesn't contain ip-range");
  const family = await refused(t, ipam.requestPool(wish("10.0.0.0/24", { family: 6 })));
  t.is(family.code, "invalid");
  t.deepEqual(pools.all(), []);
});

test("when the default pools are used up, it says by whom", async (t) => {
  const { ipam } = fresh();
  for (let i = 0; i < 31; i++) await ipam.requestPool(wish(undefined, { owner: `n${i}` }));
  const error = await refused(t, ipam.requestPool(wish(undefined, { avoid: [parseCidr("10.0.0.0/24")] })));
  t.is(error.code, "invalid");
  t.is(error.message, "all predefined address pools have been fully subnetted");
  t.regex(
    error.hint ?? "",
    /given out: 172\.17\.0\.0\/16 of network n0, .* and 23 more; used by the host: 10\.0\.0\.0\/24; remove networks/,
  );
});

test("addresses: the lowest free one of the range, or the one that is asked for", async (t) => {
  const { ipam } = fresh();
  const { id } = await ipam.requestPool(wish("10.0.0.0/24", { range: parseCidr("10.0.0.64/29") }));
  const ask = (owner: string, address?: string) =>
    ipam.requestAddress({ poolId: id, owner, ...(address === undefined ? {} : { address: parseIp(address) }) });
  t.is(await ask("net", "10.0.0.1"), parseIp("10.0.0.1"));
  t.is(await ask("a"), parseIp("10.0.0.64"));
  t.is(await ask("b"), parseIp("10.0.0.65"));
  t.is(await ask("b", "10.0.0.65"), parseIp("10.0.0.65"));
  await ipam.releaseAddress(id, "a");
  t.is(await ask("c"), parseIp("10.0.0.64"));

  const taken = await refused(t, ask("a", "10.0.0.64"));
  t.deepEqual([taken.code, taken.message], ["forbidden", "Address already in use"]);
  const outside = await refused(t, ask("a", "10.0.1.64"));
  t.deepEqual([outside.code, outside.message], ["invalid", "requested address is out of range"]);
  const unknown = await refused(t, ipam.requestAddress({ poolId: "nosuch", owner: "a" }));
  t.is(unknown.code, "notFound");
});

test("when a pool is used up, it says by whom", async (t) => {
  const { ipam } = fresh();
  const { id } = await ipam.requestPool(wish("10.0.0.0/29", { owner: "web" }));
  for (const owner of ["network", "network", "e1", "e2", "e3", "e4"]) await ipam.requestAddress({ poolId: id, owner });
  t.deepEqual(ipam.use(id), { subnet: parseCidr("10.0.0.0/29"), inUse: 8, available: 0 });
  const error = await refused(t, ipam.requestAddress({ poolId: id, owner: "e5" }));
  t.is(error.code, "unavailable");
  t.is(error.message, "no available addresses on this pool: 10.0.0.0/29 of network web is used up, 6 are leased by 5 owners");
  t.regex(error.hint ?? "", /^leased by: network 2, e1 1, /);
});

test("release is by owner: all of it, or one address, and never somebody else's", async (t) => {
  const { ipam, leases } = fresh();
  const { id } = await ipam.requestPool(wish("10.0.0.0/24"));
  for (const owner of ["a", "a", "a", "b"]) await ipam.requestAddress({ poolId: id, owner });
  await ipam.releaseAddress(id, "a", parseIp("10.0.0.4"));
  await ipam.releaseAddress(id, "a", parseIp("10.0.0.1"));
  t.deepEqual(
    leases.all().map((lease) => `${lease.owner} ${lease.address}`),
    ["a 10.0.0.2", "a 10.0.0.3", "b 10.0.0.4"],
  );
  await ipam.releaseAddress(id, "a");
  await ipam.releaseAddress(id, "a");
  await ipam.releaseAddress("nosuch", "a");
  t.deepEqual(
    leases.all().map((lease) => lease.owner),
    ["b"],
  );
});

test("everything is there again after a reopen, and leases of no pool are swept", async (t) => {
  const { ipam, open, leases } = fresh();
  const { id } = await ipam.requestPool(wish("10.0.0.0/24", { range: parseCidr("10.0.0.0/30") }));
  await ipam.requestAddress({ poolId: id, owner: "a" });
  leases.put({ id: "gone 10.9.0.1", poolId: "gone", owner: "a", address: parseIp("10.9.0.1") });
  const again = open();
  t.deepEqual(again.use(id), ipam.use(id));
  t.is(await again.requestAddress({ poolId: id, owner: "b" }), parseIp("10.0.0.2"));
  t.is((await refused(t, again.requestPool(wish("10.0.0.0/24")))).code, "forbidden");
  t.deepEqual(
    leases.all().map((lease) => lease.poolId),
    [id, id],
  );
});

test("what the store refuses has not happened", async (t) => {
  const { ipam, open, pools, leases } = fresh();
  const { id } = await ipam.requestPool(wish("10.0.0.0/24"));
  await ipam.requestAddress({ poolId: id, owner: "a" });
  const before = ipam.use(id);
  pools.failing = leases.failing = true;
  await refused(t, ipam.requestPool(wish("10.1.0.0/24")));
  await refused(t, ipam.requestAddress({ poolId: id, owner: "b" }));
  await refused(t, ipam.releaseAddress(id, "a"));
  await refused(t, ipam.releasePool(id));
  t.deepEqual(ipam.use(id), before);
  pools.failing = false;
  await refused(t, ipam.releasePool(id));
  leases.failing = false;
  await ipam.releasePool(id);
  t.deepEqual([pools.all(), leases.all()], [[], []]);
  t.is((await refused(t, open().requestAddress({ poolId: id, owner: "a" }))).code, "notFound");
});

test("default pools that make no sense are refused", (t) => {
  const open = (base: string, size: number) => () =>
    localIpam({ pools: table(), leases: table(), defaultPools: [{ base: parseCidr(base), size }], defaultPools6: [] });
  t.throws(open("10.0.0.0/16", 8), { message: "invalid default address pool base=10.0.0.0/16,size=8: the size must be from 16 to 32" });
  t.throws(open("fd00::/48", 64), { message: "invalid default address pool base=fd00::/48,size=64: an IPv4 block is needed" });
});

test("keepOnly forgets pools and leases that nobody known has", async (t) => {
  const { ipam, pools, leases } = fresh();
  const kept = await ipam.requestPool(wish("10.0.0.0/24"));
  const lost = await ipam.requestPool(wish("10.1.0.0/24"));
  for (const poolId of [kept.id, lost.id]) for (const owner of ["network", "ghost"]) await ipam.requestAddress({ poolId, owner });
  await ipam.keepOnly(new Set([kept.id]), new Set(["network"]));
  t.deepEqual(
    pools.all().map((pool) => pool.id),
    [kept.id],
  );
  t.deepEqual(
    leases.all().map((lease) => `${lease.poolId} ${lease.owner}`),
    [`${kept.id} network`],
  );
});
