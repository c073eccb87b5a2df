import test from "ava";
import fc from "fast-check";
import { detachWatch, parseDetachKeys } from "../../../src/daemon/detach-keys.ts";
import { fitsName, parseFilters } from "../../../src/daemon/filters.ts";
import { frame } from "../../../src/daemon/frames.ts";
import { parseDuration, parseInstant } from "../../../src/daemon/go-time.ts";
import { goJson } from "../../../src/daemon/json.ts";
import { nextDelayMs } from "../../../src/daemon/lifecycle/restart-policy.ts";
import { checkContainerName, randomName } from "../../../src/daemon/names.ts";
import { signalNumber } from "../../../src/daemon/signals.ts";
import { refusal, routePath, versionOf } from "../../../src/daemon/version.ts";
import { humanDuration } from "../../../src/daemon/views/human-duration.ts";

test("spans are told in Go's words", (t) => {
  const second = 1000;
  const hour = 3600 * second;
  const cases: [number, string][] = [
    [0, "Less than a second"],
    [999, "Less than a second"],
    [1000, "1 second"],
    [59.9 * second, "59 seconds"],
    [60 * second, "About a minute"],
    [119 * second, "About a minute"],
    [120 * second, "2 minutes"],
    [59.9 * 60 * second, "59 minutes"],
    [hour, "About an hour"],
    [1.4 * hour, "About an hour"],
    [1.5 * hour, "2 hours"],
    [47 * hour, "47 hours"],
    [48 * hour, "2 days"],
    [14 * 24 * hour, "2 weeks"],
    [60 * 24 * hour, "2 months"],
    [730 * 24 * hour, "2 years"],
  ];
  for (const [ms, words] of cases) t.is(humanDuration(ms), words, String(ms));
});

test("both forms of filters are read; an unknown key is named", (t) => {
  const known = ["label", "label!", "name", "dangling", "until"];
  t.deepEqual(parseFilters('{"name":{"a":true,"b":false}}', known).values("name"), ["a"]);
  t.deepEqual(parseFilters('{"name":["a","b"]}', known).values("name"), ["a", "b"]);
  t.false(parseFilters("", known).has("name"));
  t.throws(() => parseFilters('{"foo":{"bar":true}}', known), { message: "invalid filter 'foo'", code: "invalid" });
  for (const bad of ["{x", "[]", "1", '{"name":1}', '{"name":[1]}'])
    t.throws(() => parseFilters(bad, known), { message: "invalid filter" }, bad);
  t.is(parseFilters('{"dangling":["1"]}', known).flag("dangling"), true);
  t.throws(() => parseFilters('{"dangling":["x"]}', known).flag("dangling"), { message: /must be "true"/ });
  t.throws(() => parseFilters('{"dangling":["1","0"]}', known).flag("dangling"), {
    message: 'got more than one value for filter key "dangling"',
  });
  t.throws(() => parseFilters('{"until":["1h","2h"]}', known).until(), { message: "more than one until filter specified" });
});

test("labels must all fit, and those with ! must not", (t) => {
  const filters = parseFilters('{"label":["a","b=2"],"label!":["c"]}', ["label", "label!"]);
  t.true(filters.labels({ a: "", b: "2" }));
  t.false(filters.labels({ a: "" }));
  t.false(filters.labels({ a: "", b: "2", c: "x" }));
  t.false(parseFilters('{"label":["constructor"]}', ["label"]).labels({}), "members that every object has are no labels");
});

test("a name filter is a part of the name, with anchors and .*", (t) => {
  t.true(fitsName("eb", "web-1"));
  t.true(fitsName("^web", "web-1"));
  t.false(fitsName("^eb", "web-1"));
  t.true(fitsName("^web-1$", "web-1"));
  t.false(fitsName("^web$", "web-1"));
  t.true(fitsName("^w.*1$", "web-1"));
  t.false(fitsName("^w.*w$", "w"));
  t.true(fitsName("a\\.b", "a.b"));
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z-]{1,12}$/), fc.nat(12), fc.nat(12), (name, a, b) =>
      fitsName(name.slice(Math.min(a, b), Math.max(a, b)), name),
    ),
  );
});

test("ctrl-p,ctrl-q leaves; a part of it reaches the program", (t) => {
  const watch = detachWatch(parseDetachKeys("ctrl-p,ctrl-q"));
  t.deepEqual(watch(Buffer.from("ab\x10")), { pass: Buffer.from("ab"), detached: false });
  t.deepEqual(watch(Buffer.from("c")), { pass: Buffer.from("\x10c"), detached: false });
  t.deepEqual(watch(Buffer.from("\x10\x10")), { pass: Buffer.from("\x10"), detached: false });
  t.deepEqual(watch(Buffer.from("\x11rest")), { pass: Buffer.from(""), detached: true });
  t.deepEqual([...parseDetachKeys("ctrl-@,a,ctrl-_")], [0, 97, 31]);
  t.throws(() => parseDetachKeys("ctrl-é"), { code: "invalid" });
});

test("whatever the pieces, what is passed on and the keys are the input", (t) => {
  const keys = parseDetachKeys("a,a,b");
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[abc]{0,4}$/)), (pieces) => {
      const watch = detachWatch(keys);
      let passed = "";
      let detached = false;
      for (const piece of pieces) {
        if (detached) break;
        const seen = watch(Buffer.from(piece));
        passed += seen.pass.toString();
        detached = seen.detached;
      }
      const input = pieces.join("");
      const at = input.indexOf("aab");
      t.is(detached, at >= 0);
      return at >= 0 ? passed === input.slice(0, at) : input.startsWith(passed) && input.length - passed.length < 3;
    }),
  );
});

test("frames say stream and length", (t) => {
  t.deepEqual(frame(1, Buffer.from("out\n")), Buffer.from("\x01\0\0\0\0\0\0\x04out\n"));
  t.is(frame(2, Buffer.alloc(70000)).readUInt32BE(4), 70000);
});

test("times: seconds with a fraction, RFC 3339, durations", (t) => {
  t.is(parseInstant("1795478401.5"), 1795478401_500000000n);
  t.is(parseInstant("1795478401"), 1795478401_000000000n);
  t.is(parseInstant("2026-11-24T00:34:27.607056905Z"), BigInt(Date.parse("2026-11-24T00:34:27Z")) * 1_000_000n + 607056905n);
  t.is(parseInstant("10m", 1_000_000), 400_000_000_000n);
  t.is(parseInstant("abc"), undefined);
  t.is(parseDuration("1h30m"), 5400_000_000_000n);
  t.is(parseDuration("1.5s"), 1_500_000_000n);
  t.is(parseDuration("5"), undefined);
});

test("versions: the prefix goes, the range is ours", (t) => {
  t.is(versionOf("/v1.43/info"), "1.43");
  t.is(versionOf("/info"), "1.51");
  t.is(refusal("1.51"), undefined);
  t.is(refusal("1.40"), undefined);
  t.is(refusal("1.99")?.error.message, "client version 1.99 is too new. Maximum supported API version is 1.51");
  t.regex(
    refusal("1.20")?.error.message ?? "",
    /^client version 1\.20 is too old\. Minimum supported API version is 1\.40, please upgrade/,
  );
  t.is(refusal("2.0")?.plain, false);
});

test("names with slashes become one segment", (t) => {
  t.is(routePath("/v1.51/images/docker.io/other/name/push?tag=v2"), "/images/docker.io%2Fother%2Fname/push?tag=v2");
  t.is(routePath("/images/localhost:5000/x/alp:1/json"), "/images/localhost:5000%2Fx%2Falp:1/json");
  t.is(routePath("/v1.51/images/other/name:v2"), "/images/other%2Fname:v2");
  t.is(routePath("/v1.51/images/json?all=1"), "/images/json?all=1");
  t.is(routePath("/v1.51/networks/bad/name/connect"), "/networks/bad%2Fname/connect");
  t.is(routePath("/v1.51/networks/create"), "/networks/create");
  t.is(routePath("/v1.51"), "/");
});

test("JSON is escaped as Go escapes it", (t) => {
  t.is(goJson({ a: "<&>\u2028" }), '{"a":"\\u003c\\u0026\\u003e\\u2028"}');
});

test("signals by name and number", (t) => {
  t.deepEqual(["TERM", "SIGKILL", "hup", "15", "SIGRTMIN+3", "WINCH"].map(signalNumber), [15, 9, 1, 15, 37, 28]);
  t.deepEqual(["FOO", "0", "65", ""].map(signalNumber), [undefined, undefined, undefined, undefined]);
});

test("back-off doubles from 100 ms to a minute, and starts anew after ten good seconds", (t) => {
  t.is(nextDelayMs(undefined, 0), 100);
  t.is(nextDelayMs(100, 0), 200);
  t.is(nextDelayMs(51200, 0), 60_000);
  t.is(nextDelayMs(60_000, 10_000), 100);
});

test("names: ours are valid and never taken", (t) => {
  for (let i = 0; i < 100; i++) t.notThrows(() => checkContainerName(randomName(() => false)));
  let asked = 0;
  t.regex(
    randomName(() => asked++ < 6),
    /^[a-z]+_[a-z]+\d+$/,
  );
  t.throws(() => checkContainerName("bad/name"), {
    message: "Invalid container name (bad/name), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
  });
});
