import { ANY_JSON, anyOf, lines } from "./answers.ts";
import { says } from "./shapes.ts";
import { ABSENT, instead, type Step } from "./story.ts";

const LATER = "pulling comes later; the message says what to do until then";

const listed = (id: string, tags: string[], labels: object | null) => ({
  Containers: -1,
  Created: "<seconds>",
  Id: `sha256:${id}`,
  Labels: labels,
  ParentId: "",
  RepoDigests: [],
  RepoTags: tags,
  SharedSize: -1,
  Size: "<bytes>",
});
const EMPTY = {
  Cmd: null,
  Entrypoint: null,
  Env: null,
  ExposedPorts: ABSENT,
  Labels: null,
  OnBuild: null,
  User: "",
  Volumes: null,
  WorkingDir: "",
};
const inspected = (id: string, tags: string[], Comment: string, Config: object) => ({
  Id: `sha256:${id}`,
  RepoTags: tags,
  RepoDigests: [],
  Parent: "",
  Comment,
  Created: "<time>",
  DockerVersion: "<version>",
  Author: "",
  Architecture: "<arch>",
  Os: "linux",
  Size: "<bytes>",
  GraphDriver: {
    Data: instead(
      { MergedDir: "", UpperDir: "", WorkDir: "" },
      { UpperDir: "<data>/layers/<id>/diff" },
      "only what is there: an image itself is mounted nowhere",
    ),
    Name: "overlay2",
  },
  RootFS: { Type: "layers", Layers: ["sha256:<id>"] },
  Metadata: { LastTagTime: "<time>" },
  Config: { ...EMPTY, ...Config },
});
const SHIM = { Cmd: ["/bin/sh"], Env: ["A=b"], ExposedPorts: { "80/tcp": {} }, Labels: { l: "1" } };
const TWO = "al:two";
const tagged = (line: string, repo: string, tag: string): Step => ({
  line: `docker tag ${line}`,
  wire: [[`POST /images/${line.split(" ")[0]}/tag?repo=${repo}&tag=${tag}`, 201]],
});

/** import, load, save, names, removal; and what is said when a registry is asked for. `alpine.tar` lies in the folder of the daemon. */
export const IMAGES: Step[] = [
  {
    line: "docker import - al:two < alpine.tar",
    prints: "sha256:<al:two>\n",
    wire: [["POST /images/create?fromSrc=-&repo=al:two", 200, lines("\r\n", { status: `sha256:<${TWO}>` })]],
  },
  {
    line: `docker import -c 'CMD ["/bin/sh"]' -c 'ENV A=b' -c 'EXPOSE 80/tcp' -c 'LABEL l=1' -m 'a message' alpine.tar shim:1`,
    wire: [
      [
        'POST /images/create?changes=CMD ["/bin/sh"]&changes=ENV A=b&changes=EXPOSE 80/tcp&changes=LABEL l=1&fromSrc=-&message=a message&repo=shim:1',
        200,
        lines("\r\n", { status: "sha256:<shim:1>" }),
      ],
    ],
  },
  {
    line: "docker images --filter reference=shim",
    wire: [['GET /images/json?filters={"reference":{"shim":true}}', 200, [listed("<shim:1>", ["shim:1"], { l: "1" })]]],
  },
  {
    line: "docker images -a --digests --no-trunc --filter label=l=1 --filter dangling=false",
    wire: [
      [
        'GET /images/json?all=1&filters={"dangling":{"false":true},"label":{"l=1":true}}',
        200,
        [listed("<shim:1>", ["shim:1"], { l: "1" })],
      ],
    ],
  },
  { line: "docker images", wire: [["GET /images/json", 200, ANY_JSON]] },
  {
    line: "docker image inspect al:two",
    wire: [["GET /images/al:two/json", 200, inspected("<al:two>", ["al:two"], "Imported from -", {})]],
  },
  { line: "docker image inspect shim:1", wire: [["GET /images/shim:1/json", 200, inspected("<shim:1>", ["shim:1"], "a message", SHIM)]] },
  { line: "docker image inspect nosuch", exit: 1, wire: [["GET /images/nosuch/json", 404, says("No such image: nosuch:latest")]] },
  {
    line: "docker history shim:1",
    wire: [
      [
        "GET /images/shim:1/history",
        200,
        [{ Comment: "a message", Created: "<seconds>", CreatedBy: "", Id: "sha256:<shim:1>", Size: "<bytes>", Tags: ["shim:1"] }],
      ],
    ],
  },
  tagged("al:two other/name:v2", "docker.io/other/name", "v2"),
  {
    line: "docker save -o save.tar al:two other/name:v2 && tar tf save.tar | grep -v /sha256/.",
    prints: "blobs/\nblobs/sha256/\nindex.json\nmanifest.json\noci-layout\nrepositories\n",
    wire: [["GET /images/get?names=al:two&names=other/name:v2", 200, anyOf("application/x-tar")]],
  },
  { line: "docker rmi al:two", prints: "Untagged: al:two\n", wire: [["DELETE /images/al:two", 200, [{ Untagged: "al:two" }]]] },
  {
    line: "docker rmi other/name:v2",
    wire: [["DELETE /images/other/name:v2", 200, [{ Untagged: "other/name:v2" }, { Deleted: "sha256:<al:two>" }]]],
  },
  {
    line: "docker load -i save.tar",
    prints: "Loaded image: al:two\nLoaded image: other/name:v2\n",
    wire: [
      ["POST /images/load?quiet=1", 200, lines("\r\n", { stream: "Loaded image: al:two\n" }, { stream: "Loaded image: other/name:v2\n" })],
    ],
  },
  {
    line: "head -c 8192 /dev/zero | tr '\\0' x | docker load",
    exit: 1,
    prints: "archive/tar: invalid tar header\n",
    wire: [
      [
        "POST /images/load?quiet=1",
        200,
        lines("\r\n", { errorDetail: { message: "archive/tar: invalid tar header" }, error: "archive/tar: invalid tar header" }),
      ],
    ],
  },
  { line: "docker rmi other/name:v2", wire: [["DELETE /images/other/name:v2", 200, [{ Untagged: "other/name:v2" }]]] },
  { line: "docker rmi shim:1", wire: [["DELETE /images/shim:1", 200, [{ Untagged: "shim:1" }, { Deleted: "sha256:<shim:1>" }]]] },
  { line: "docker rmi nosuch:1", exit: 1, wire: [["DELETE /images/nosuch:1", 404, says("No such image: nosuch:1")]] },
  { line: "docker create --name user al:two true", wire: [["POST /containers/create?name=user", 201, { Id: "<user>", Warnings: [] }]] },
  {
    line: "docker rmi al:two",
    exit: 1,
    wire: [
      [
        "DELETE /images/al:two",
        409,
        says(
          'conflict: unable to remove repository reference "al:two" (must force) - container <user:12> is using its referenced image <al:two:12>',
        ),
      ],
    ],
  },
  { line: "docker rmi -f al:two", wire: [["DELETE /images/al:two?force=1", 200, [{ Untagged: "al:two" }]]] },
  {
    line: "docker pull localhost:5999/nothing:1",
    exit: 1,
    wire: [
      [
        "POST /images/create?fromImage=localhost:5999/nothing&tag=1",
        instead(500, 501, LATER),
        says(
          "cannot pull localhost:5999/nothing:1: pulling from a registry is not there yet; bring the image with docker load or docker import",
        ),
      ],
    ],
  },
  {
    line: "docker run --rm --pull never nosuch:1 echo hi",
    exit: 125,
    wire: [["POST /containers/create", 404, says("No such image: nosuch:1")]],
  },
];
