import test from "ava";
import { applyChanges } from "../../../src/container/images/changes.ts";
import { NetError } from "../../../src/model/errors.ts";

const cases: [string[], object][] = [
  [['CMD ["/bin/sh", "-c", "a b"]'], { Cmd: ["/bin/sh", "-c", "a b"] }],
  [["cmd echo $HOME"], { Cmd: ["/bin/sh", "-c", "echo $HOME"] }],
  [["CMD [ -f /x ] && run"], { Cmd: ["/bin/sh", "-c", "[ -f /x ] && run"] }],
  [['ENTRYPOINT ["/init"]'], { Entrypoint: ["/init"] }],
  [["ENV A=b C='d e' F=\"g $A\"", `ENV A=$A:$\{NONE:-x} H=\\$A`], { Env: ["A=b:x", "C=d e", "F=g ", "H=$A"] }],
  [["ENV PATH /a b"], { Env: ["PATH=/a b"] }],
  [["EXPOSE 80 53/udp 8000-8002/TCP"], { ExposedPorts: { "80/tcp": {}, "53/udp": {}, "8000/tcp": {}, "8001/tcp": {}, "8002/tcp": {} } }],
  [['LABEL l=1 "a b"="c d"', "LABEL l=2"], { Labels: { l: "2", "a b": "c d" } }],
  [["USER 1000:1000"], { User: "1000:1000" }],
  [["WORKDIR /a", "WORKDIR b", "WORKDIR ../c"], { WorkingDir: "/a/c" }],
  [['VOLUME ["/a b", "/c"]', "VOLUME /d /e"], { Volumes: { "/a b": {}, "/c": {}, "/d": {}, "/e": {} } }],
  [["STOPSIGNAL SIGTERM"], { StopSignal: "SIGTERM" }],
  [["# a comment\n\nUSER me\nENV A=1"], { User: "me", Env: ["A=1"] }],
  [[], {}],
];
for (const [changes, config] of cases) {
  test(`changes: ${changes.join(" | ")}`, (t) => {
    t.deepEqual(applyChanges(changes), config);
  });
}

for (const [change, message] of [
  ["RUN x", "RUN is not a valid change command"],
  ["constructor x", "constructor is not a valid change command"],
  ["CMD", "CMD requires at least one argument"],
  ["ENV A", "ENV must have two arguments"],
  ["ENV A=b c", 'Syntax error - can\'t find = in "c". Must be of the form: name=value'],
  ["ENV =b", "ENV names can not be blank"],
  ["ENV A='b", "unexpected end of statement while looking for matching quote: A='b"],
  ["EXPOSE 70000", "invalid containerPort: 70000"],
  ["EXPOSE 80/foo", "invalid containerPort: 80/foo"],
  ["STOPSIGNAL ;", "invalid signal: ;"],
] as const) {
  test(`${change} is refused`, (t) => {
    const error = t.throws(() => applyChanges([change]), { instanceOf: NetError });
    t.deepEqual([error.code, error.message], ["invalid", message]);
  });
}
