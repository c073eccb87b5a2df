import test from "ava";
import { nameKey } from "../../../src/dns/text.ts";
import type { Zone } from "../../../src/dns/zone.ts";
import { parseIp } from "../../../src/model/address.ts";
import { record, zoneOf } from "./house.ts";

const who = (zone: Zone, network: string, name: string) => zone.named(network, nameKey(name))?.map((found) => found.endpointId);

test("names are per network and without case", (t) => {
  const zone = zoneOf(record("1", "front", ["Web"], "10.0.0.2"), record("2", "back", ["web"], "10.1.0.2"));
  t.deepEqual(who(zone, "front", "WEB"), ["1"]);
  t.deepEqual(who(zone, "back", "web"), ["2"]);
  t.is(who(zone, "front", "db"), undefined);
});

test("an alias of several has them in the order in which they came", (t) => {
  const zone = zoneOf(record("1", "n", ["a", "all"]), record("2", "n", ["b", "all"]), record("3", "n", ["c", "all"]));
  t.deepEqual(who(zone, "n", "all"), ["1", "2", "3"]);
  zone.change([], ["2"]);
  t.deepEqual(who(zone, "n", "all"), ["1", "3"]);
});

test("a new record takes the place of the endpoint's old one", (t) => {
  const zone = zoneOf(record("1", "n", ["old"], "10.0.0.2"));
  zone.change([record("1", "n", ["new"], "10.0.0.3")], []);
  t.is(who(zone, "n", "old"), undefined);
  t.deepEqual(who(zone, "n", "new"), ["1"]);
  t.is(zone.at("n", parseIp("10.0.0.2")), undefined);
});

test("an address that moved to another endpoint stays with it", (t) => {
  const zone = zoneOf(record("1", "n", ["a"], "10.0.0.2"));
  zone.change([record("2", "n", ["b"], "10.0.0.2")], []);
  zone.change([], ["1"]);
  t.is(zone.at("n", parseIp("10.0.0.2"))?.endpointId, "2");
});

test("set forgets what was, dropping what is not there is success, each change counts", (t) => {
  const zone = zoneOf(record("1", "n", ["a"]));
  const before = zone.generation;
  zone.set([record("2", "n", ["b"])]);
  zone.change([], ["nobody"]);
  t.is(who(zone, "n", "a"), undefined);
  t.is(zone.generation, before + 2);
});
