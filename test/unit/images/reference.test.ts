import test from "ava";
import { canonical, familiar, parseReference, withDefaultTag, withTag } from "../../../src/container/images/reference.ts";
import { NetError } from "../../../src/model/errors.ts";

const digest = `sha256:${"ab".repeat(32)}`;

for (const [text, full, shown] of [
  ["alpine", "docker.io/library/alpine:latest", "alpine:latest"],
  ["docker.io/alpine:3", "docker.io/library/alpine:3", "alpine:3"],
  ["docker.io/library/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
  ["index.docker.io/me/app", "docker.io/me/app:latest", "me/app:latest"],
  ["docker.io/other/name:v2", "docker.io/other/name:v2", "other/name:v2"],
  ["localhost/x", "localhost/x:latest", "localhost/x:latest"],
  ["localhost:5000/x/alp:1", "localhost:5000/x/alp:1", "localhost:5000/x/alp:1"],
  ["[fd00::1]:5000/x", "[fd00::1]:5000/x:latest", "[fd00::1]:5000/x:latest"],
  ["quay.io/a/b/c:x-1.2_3", "quay.io/a/b/c:x-1.2_3", "quay.io/a/b/c:x-1.2_3"],
  ["a__b/c--d.e_f", "docker.io/a__b/c--d.e_f:latest", "a__b/c--d.e_f:latest"],
  [`alpine@${digest}`, `docker.io/library/alpine@${digest}`, `alpine@${digest}`],
  [`r.example/a:1@${digest}`, `r.example/a:1@${digest}`, `r.example/a:1@${digest}`],
] as const) {
  test(`${text} is ${full}`, (t) => {
    const reference = withDefaultTag(parseReference(text));
    t.is(canonical(reference), full);
    t.is(familiar(reference), shown);
    t.deepEqual(parseReference(canonical(reference)), reference);
  });
}

const format = "invalid reference format";
for (const [text, message] of [
  ["", format],
  [":tag", format],
  ["a b", format],
  ["a/", format],
  ["/a", format],
  ["-a", format],
  ["a..b", format],
  ["a:", format],
  ["a:-x", format],
  [`a:${"x".repeat(129)}`, format],
  ["a@sha256:12", format],
  ["a\nb", format],
  ["http://x/y", format],
  ["Upper", "invalid reference format: repository name (library/Upper) must be lowercase"],
  ["r.example/Upper:1", "invalid reference format: repository name (Upper) must be lowercase"],
  ["ab".repeat(32), `invalid repository name (${"ab".repeat(32)}), cannot specify 64-byte hexadecimal strings`],
  ["a".repeat(300), "repository name must not be more than 255 characters"],
] as const) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused`, (t) => {
    const error = t.throws(() => parseReference(text), { instanceOf: NetError });
    t.deepEqual([error.code, error.message], ["invalid", message]);
  });
}

test("a long run of separators is refused without long thinking", (t) => {
  t.throws(() => parseReference(`${"a-".repeat(50_000)}!`), { message: format });
});

test("a bad tag is refused by name", (t) => {
  t.throws(() => withTag(parseReference("a"), "no/slash"), { instanceOf: NetError, message: "invalid tag format" });
});
