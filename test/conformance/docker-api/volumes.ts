import { ANY_JSON, members, part } from "./answers.ts";
import { OUR_FOLDERS, ran, says } from "./shapes.ts";
import { instead, type Step } from "./story.ts";

const volume = (name: string, labels: object | null, usage: object = {}) => ({
  CreatedAt: "<time>",
  Driver: "local",
  Labels: labels,
  Mountpoint: instead(`/var/lib/docker/volumes/${name}/_data`, `<data>/volumes/${name}/_data`, OUR_FOLDERS),
  Name: name,
  Options: null,
  Scope: "local",
  ...usage,
});
const ANONYMOUS = { "com.docker.volume.anonymous": "" };
const ONLY_FOLDERS = "a volume is a folder";

/** Volumes, df and every prune. */
export const VOLUMES: Step[] = [
  { line: "docker volume create v1", prints: "v1\n", wire: [["POST /volumes/create", 201, volume("v1", null)]] },
  { line: "docker volume create --label a=b v2", wire: [["POST /volumes/create", 201, volume("v2", { a: "b" })]] },
  { line: "docker volume create", prints: "<id>\n", wire: [["POST /volumes/create", 201, volume("<id>", ANONYMOUS)]] },
  { line: "docker volume create v1", wire: [["POST /volumes/create", 201, volume("v1", null)]] },
  {
    line: "docker volume create -o type=tmpfs v3",
    exit: 1,
    wire: [
      [
        "POST /volumes/create",
        instead(201, 501, ONLY_FOLDERS),
        instead("the volume", { message: 'create v3: volume option "type" is not supported: a volume is a folder' }, ONLY_FOLDERS),
      ],
    ],
  },
  {
    line: "docker volume create -d nodrv vx",
    exit: 1,
    wire: [["POST /volumes/create", 404, says('create vx: error looking up volume plugin nodrv: plugin "nodrv" not found')]],
  },
  {
    line: "docker volume create b/ad",
    exit: 1,
    wire: [
      [
        "POST /volumes/create",
        400,
        says(
          'create b/ad: "b/ad" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
        ),
      ],
    ],
  },
  { line: "docker volume ls", wire: [["GET /volumes", 200, members("", "Volumes Warnings")]] },
  {
    line: "docker volume ls -q --filter dangling=true --filter driver=local --filter label=a --filter name=v",
    prints: "v2\n",
    wire: [
      [
        'GET /volumes?filters={"dangling":{"true":true},"driver":{"local":true},"label":{"a":true},"name":{"v":true}}',
        200,
        { Volumes: [volume("v2", { a: "b" })], Warnings: null },
      ],
    ],
  },
  {
    line: "docker volume inspect v1 v2",
    wire: [
      ["GET /volumes/v1", 200, volume("v1", null)],
      ["GET /volumes/v2", 200, volume("v2", { a: "b" })],
    ],
  },
  { line: "docker run -d --name vc -v v1:/d -v /anon alpine:latest sleep 1000", wire: ran("vc") },
  { line: "docker inspect vc", wire: [["GET /containers/vc/json", 200, part("Config.Volumes", { "/anon": {} })]] },
  {
    line: "docker inspect vc",
    wire: [["GET /containers/vc/json", 200, members("Mounts.1", "Type Name Source Destination Driver Mode RW Propagation")]],
  },
  { line: "docker volume rm v1", exit: 1, wire: [["DELETE /volumes/v1", 409, says("remove v1: volume is in use - [<vc>]")]] },
  { line: "docker volume rm v2", prints: "v2\n", wire: [["DELETE /volumes/v2", 204]] },
  { line: "docker volume rm nosuchvol", exit: 1, wire: [["DELETE /volumes/nosuchvol", 404, says("get nosuchvol: no such volume")]] },
  { line: "docker volume rm -f nosuchvol", wire: [["DELETE /volumes/nosuchvol?force=1", 204]] },
  { line: "docker volume prune -f", wire: [["POST /volumes/prune", 200, { VolumesDeleted: ["<id>"], SpaceReclaimed: 0 }]] },
  {
    line: "docker volume prune -af --filter label!=x",
    wire: [['POST /volumes/prune?filters={"all":{"true":true},"label!":{"x":true}}', 200, { VolumesDeleted: [], SpaceReclaimed: 0 }]],
  },
  { line: "docker system df", wire: [["GET /system/df", 200, members("", "LayersSize Images Containers Volumes BuildCache")]] },
  {
    line: "docker system df -v",
    wire: [
      [
        "GET /system/df",
        200,
        part("Images.0", {
          Containers: 1,
          Created: "<seconds>",
          Id: "sha256:<id>",
          Labels: null,
          ParentId: "",
          RepoDigests: null,
          RepoTags: ["alpine:latest"],
          SharedSize: 0,
          Size: "<bytes>",
        }),
      ],
    ],
  },
  {
    line: "GET /v1.51/system/df?type=build-cache",
    wire: [["GET /system/df?type=build-cache", 200, { LayersSize: 0, Images: null, Containers: null, Volumes: null, BuildCache: [] }]],
  },
  { line: "docker create --name x1 alpine:latest true", wire: [["POST /containers/create?name=x1", 201, ANY_JSON]] },
  { line: "docker container prune -f", wire: [["POST /containers/prune", 200, { ContainersDeleted: ["<x1>"], SpaceReclaimed: 0 }]] },
  {
    line: "docker container prune -f --filter until=0s",
    wire: [['POST /containers/prune?filters={"until":{"0s":true}}', 200, { ContainersDeleted: null, SpaceReclaimed: 0 }]],
  },
  {
    line: "docker import - lost:1 < alpine.tar",
    wire: [["POST /images/create?fromSrc=-&repo=lost:1", 200, ANY_JSON]],
  },
  {
    line: "docker import -m another - lost:1 < alpine.tar",
    wire: [["POST /images/create?fromSrc=-&message=another&repo=lost:1", 200, ANY_JSON]],
  },
  {
    line: "docker image prune -f",
    wire: [
      [
        'POST /images/prune?filters={"dangling":{"true":true}}',
        200,
        { ImagesDeleted: [{ Deleted: "sha256:<lost:1>" }], SpaceReclaimed: 0 },
      ],
    ],
  },
  {
    line: "docker image prune -af --filter until=24h",
    wire: [
      ['POST /images/prune?filters={"dangling":{"false":true},"until":{"24h":true}}', 200, { ImagesDeleted: null, SpaceReclaimed: 0 }],
    ],
  },
  { line: "docker network create pn", wire: [["POST /networks/create", 201, ANY_JSON]] },
  { line: "docker create --name x2 alpine:latest true", wire: [["POST /containers/create?name=x2", 201, ANY_JSON]] },
  {
    line: "docker system prune -af --volumes",
    wire: [
      ["POST /containers/prune", 200, { ContainersDeleted: ["<x2>"], SpaceReclaimed: 0 }],
      ["POST /networks/prune", 200, { NetworksDeleted: ["pn"] }],
      ["POST /volumes/prune", 200, { VolumesDeleted: [], SpaceReclaimed: 0 }],
      [
        'POST /images/prune?filters={"dangling":{"false":true}}',
        200,
        { ImagesDeleted: [{ Untagged: "lost:1" }, { Deleted: "sha256:<lost:1>" }], SpaceReclaimed: 0 },
      ],
      ["POST /build/prune?all=1&filters=", 200, { CachesDeleted: null, SpaceReclaimed: 0 }],
    ],
  },
];
