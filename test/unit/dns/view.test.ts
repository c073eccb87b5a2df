import test from "ava";
import { nameKey, reverseIp } from "../../../src/dns/text.ts";
import { findAddress, findName, sightOf, signatureOf } from "../../../src/dns/view.ts";
import { parseIp } from "../../../src/model/address.ts";
import type { ResolverView } from "../../../src/model/name.ts";
import { record, view, zoneOf } from "./house.ts";

const zone = zoneOf(
  record("web1", "front", ["web"], "10.0.0.2"),
  record("web2", "back", ["web"], "10.1.0.2"),
  record("db", "back", ["db"], "10.1.0.3", "fd00::3"),
  record("dotted", "front", ["a.b"], "10.0.0.4"),
  record("a", "b", ["a"], "10.2.0.2"),
);
const who = (box: ResolverView, name: string) => findName(zone, sightOf(box), nameKey(name))?.map((found) => found.endpointId);

test("the first network in order that knows the name answers alone", (t) => {
  t.deepEqual(who(view(["front", "back"]), "web"), ["web1"]);
  t.deepEqual(who(view(["back", "front"]), "web"), ["web2"]);
  t.deepEqual(who(view(["front", "back"]), "db"), ["db"]);
  t.is(who(view(["front"]), "db"), undefined);
});

test("name.network asks one network; the whole name goes first", (t) => {
  t.deepEqual(who(view(["front", "back"]), "web.back"), ["web2"]);
  t.is(who(view(["front"]), "web.back"), undefined);
  t.deepEqual(who(view(["b", "front"]), "a.b"), ["dotted"]);
  t.deepEqual(who(view(["b"]), "A.B."), ["a"]);
  t.deepEqual(who(view(["front"]), "a.b.front"), ["dotted"]);
});

test("a network's name may have dots", (t) => {
  const dotted = zoneOf(record("1", "id", ["a"], "10.0.0.2"));
  const box = { ...view([]), networks: [{ id: "id", name: "b.c" }] };
  t.deepEqual(
    findName(dotted, sightOf(box), nameKey("a.b.c"))?.map((found) => found.endpointId),
    ["1"],
  );
});

test("a link is seen by its sandbox only, before names, and under a network too", (t) => {
  const linked = view(["front", "back"], { links: { Store: "db", web: "db" } });
  t.deepEqual(who(linked, "store"), ["db"]);
  t.deepEqual(who(linked, "web"), ["db"]);
  t.deepEqual(who(linked, "store.back"), ["db"]);
  t.is(who(view(["front", "back"]), "store"), undefined);
});

test("a link to one that is gone leaves the name to others", (t) => {
  t.deepEqual(who(view(["front"], { links: { web: "gone" } }), "web"), ["web1"]);
});

test("an address is its first name and the network's, on the sandbox's networks only", (t) => {
  t.is(findAddress(zone, sightOf(view(["back"])), parseIp("fd00::3")), "db.back");
  t.is(findAddress(zone, sightOf(view(["front"])), parseIp("10.1.0.3")), undefined);
});

test("reverse names", (t) => {
  t.is(reverseIp(nameKey("3.0.1.10.in-addr.arpa")), parseIp("10.1.0.3"));
  t.is(reverseIp(nameKey(`3.${"0.".repeat(27)}0.0.d.f.ip6.arpa`)), parseIp("fd00::3"));
  for (const bad of ["300.0.1.10.in-addr.arpa", "1.10.in-addr.arpa", "x.ip6.arpa"]) t.is(reverseIp(nameKey(bad)), undefined);
});

test("signatures are equal for what answers the same", (t) => {
  t.is(signatureOf(sightOf(view(["a"]))), signatureOf(sightOf({ ...view(["a"]), sandboxId: "other" })));
  t.not(signatureOf(sightOf(view(["a", "b"]))), signatureOf(sightOf(view(["b", "a"]))));
  t.not(signatureOf(sightOf(view(["a"]))), signatureOf(sightOf(view(["a"], { links: { x: "y" } }))));
});
