import { ANY_JSON, anyOf, frames, lines, MULTIPLEXED, tar } from "./answers.ts";
import { ran, says } from "./shapes.ts";
import { instead, type Said, type Step } from "./story.ts";

const TAR = "application/x-tar";

function into(container: string, target: string, path = target): Said[] {
  return [
    [`HEAD /containers/${container}/archive?path=${target}`, 200],
    [`PUT /containers/${container}/archive?noOverwriteDirNonDir=true&path=${path}`, 200],
  ];
}

const STARTED: Said[] = [
  ["GET /containers/idle/json", 200, ANY_JSON],
  ["POST /containers/<idle>/attach?stderr=1&stdout=1&stream=1", 101, frames(MULTIPLEXED, [1, "hello\n"])],
  ["POST /containers/<idle>/wait?condition=next-exit", 200, lines("\n", { StatusCode: 0 })],
  ["POST /containers/<idle>/start", 204],
];

/** cp in both directions, running or not; diff; export. */
export const COPYING: Step[] = [
  { line: "docker run -d --name c1 alpine:latest sleep 1000", wire: ran("c1") },
  {
    line: "docker create --name idle alpine:latest cat /tmp/file.txt",
    wire: [["POST /containers/create?name=idle", 201, { Id: "<idle>", Warnings: [] }]],
  },
  { line: "mkdir -p tree/sub && echo hello | tee file.txt > tree/sub/x && docker cp -q file.txt c1:/tmp/", wire: into("c1", "/tmp/") },
  { line: "docker cp file.txt idle:/tmp/", wire: into("idle", "/tmp/") },
  { line: "docker start -a idle | cat", prints: "hello\n", wire: STARTED },
  {
    line: "docker cp tree c1:/tmp/newdir",
    wire: [
      ["HEAD /containers/c1/archive?path=/tmp/newdir", 404, ""],
      ["PUT /containers/c1/archive?noOverwriteDirNonDir=true&path=/tmp", 200],
    ],
  },
  { line: "tar cf - tree | docker cp - c1:/tmp", wire: into("c1", "/tmp") },
  {
    line: "docker cp c1:/www/index.html - | tar tf -",
    prints: "index.html\n",
    wire: [["GET /containers/c1/archive?path=/www/index.html", 200, tar(TAR, "644 index.html 19")]],
  },
  {
    line: "docker cp idle:/www - | tar tf -",
    prints: "www/\nwww/index.html\n",
    wire: [["GET /containers/idle/archive?path=/www", 200, tar(TAR, "755 www/", "644 www/index.html 19")]],
  },
  {
    line: "docker cp -L c1:/bin/sh ./shell",
    wire: [
      ["HEAD /containers/c1/archive?path=/bin/sh", 200],
      ["GET /containers/c1/archive?path=/bin/busybox", 200, anyOf(TAR)],
    ],
  },
  {
    line: "docker cp c1:/nosuch ./x",
    exit: 1,
    wire: [["GET /containers/c1/archive?path=/nosuch", 404, says("Could not find the file /nosuch in container c1")]],
  },
  { line: "docker cp file.txt c1:/nosuch/dir/", exit: 1, wire: [["HEAD /containers/c1/archive?path=/nosuch/dir/", 404, ""]] },
  {
    line: "docker diff c1",
    prints:
      "C /tmp\nA /tmp/file.txt\nA /tmp/newdir\nA /tmp/newdir/sub\nA /tmp/newdir/sub/x\nA /tmp/tree\nA /tmp/tree/sub\nA /tmp/tree/sub/x\n",
    wire: [
      [
        "GET /containers/c1/changes",
        200,
        instead(
          "in the order of a walk",
          [
            { Path: "/tmp", Kind: 0 },
            ...[
              "/tmp/file.txt",
              "/tmp/newdir",
              "/tmp/newdir/sub",
              "/tmp/newdir/sub/x",
              "/tmp/tree",
              "/tmp/tree/sub",
              "/tmp/tree/sub/x",
            ].map((Path) => ({ Path, Kind: 1 })),
          ],
          "in the order of names, so that two answers can be compared",
        ),
      ],
    ],
  },
  {
    line: "docker create --name fresh alpine:latest true",
    wire: [["POST /containers/create?name=fresh", 201, { Id: "<fresh>", Warnings: [] }]],
  },
  { line: "docker diff fresh", prints: "", wire: [["GET /containers/fresh/changes", 200, null]] },
  {
    line: "docker export c1 | tar tf - | grep -x -e bin/ash -e tmp/file.txt -e proc/ -e www/index.html | sort",
    prints: "bin/ash\nproc/\ntmp/file.txt\nwww/index.html\n",
    wire: [["GET /containers/c1/export", 200, anyOf("application/octet-stream")]],
  },
  {
    line: "docker create --name ro --read-only alpine:latest true",
    wire: [["POST /containers/create?name=ro", 201, { Id: "<ro>", Warnings: [] }]],
  },
  {
    line: "docker cp file.txt ro:/tmp/",
    exit: 1,
    wire: [
      ["HEAD /containers/ro/archive?path=/tmp/", 200],
      ["PUT /containers/ro/archive?noOverwriteDirNonDir=true&path=/tmp/", 400, says("container rootfs is marked read-only")],
    ],
  },
];
