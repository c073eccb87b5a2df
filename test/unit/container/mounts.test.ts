import test from "ava";
import { knownHierarchies, parseCgroupMounts } from "../../../src/container/cgroup-mounts.ts";
import { completeHostConfig } from "../../../src/container/config.ts";
import { pathsBelow } from "../../../src/container/paths.ts";
import { parseBind, planMounts } from "../../../src/container/spec/mount-wishes.ts";
import { plannedMounts } from "../../../src/container/spec/mounts.ts";
import type { HostConfig } from "../../../src/container/types.ts";

const folder = (name: string) => `/v/${name}/_data`;
const plan = (host: Partial<HostConfig>, image: string[] = []) => planMounts(completeHostConfig(host, 1), image, folder);

test("-v in all its forms", (t) => {
  t.like(parseBind("/a:/b", folder), { type: "bind", source: "/a", destination: "/b", rw: true, propagation: "rprivate", mode: "" });
  t.like(parseBind("/a/../c:/b/:ro,rslave", folder), {
    source: "/c",
    destination: "/b",
    rw: false,
    propagation: "rslave",
    mode: "ro,rslave",
  });
  t.like(parseBind("vol1:/data:z,nocopy", folder), { type: "volume", name: "vol1", source: "/v/vol1/_data", rw: true, copyUp: false });
  t.like(parseBind("/data", folder), { type: "volume", anonymous: true, destination: "/data", copyUp: true });
});

test("-v that is wrong", (t) => {
  t.throws(() => parseBind("/a:/b:ro:x", folder), { message: "invalid volume specification: '/a:/b:ro:x'" });
  t.throws(() => parseBind("/a:/b:rx", folder), { message: "invalid volume specification: '/a:/b:rx': invalid mode: rx" });
  t.throws(() => parseBind("/a:b", folder), { message: /mount path must be absolute/ });
  t.throws(() => parseBind("/a:/", folder), { message: /destination can't be '\/'/ });
  t.throws(() => parseBind("b/ad:/x", folder), { message: /^create b\/ad: "b\/ad" includes invalid characters for a local volume name/ });
  t.throws(() => plan({ Binds: ["/a:/x", "/b:/x/"] }), { message: "Duplicate mount point: /x" });
});

test("--mount, --tmpfs and the image's volumes, from the root down", (t) => {
  const mounts = plan(
    {
      Mounts: [
        { Type: "tmpfs", Target: "/a/b/c", ReadOnly: true },
        { Type: "volume", Source: "v1", Target: "/a/b" },
        { Type: "bind", Source: "/src", Target: "/m" },
      ],
      Tmpfs: { "/t": "size=1m,mode=700" },
    },
    ["/image", "/m"],
  );
  t.deepEqual(
    mounts.map(({ type, destination }) => [type, destination]),
    [
      ["bind", "/m"],
      ["tmpfs", "/t"],
      ["volume", "/image"],
      ["volume", "/a/b"],
      ["tmpfs", "/a/b/c"],
    ],
  );
  const [bind, tmpfs, , , readonly] = plannedMounts(mounts);
  t.deepEqual(bind, { destination: "/m", type: "bind", source: "/src", options: ["rbind", "rprivate", "rw"] });
  t.deepEqual(tmpfs?.options, ["nosuid", "nodev", "noexec", "size=1m", "mode=700", "rw"]);
  t.is(readonly?.options.at(-1), "ro");
  t.throws(() => plan({ Mounts: [{ Type: "npipe", Source: "/a", Target: "/x" }] }), { message: /mount type unknown/ });
  t.throws(() => plan({ Mounts: [{ Type: "bind", Source: "rel", Target: "/x" }] }), { message: /must be absolute/ });
});

test("cgroup mounts of both versions", (t) => {
  const mountinfo = [
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd",
    "41 31 0:38 / /sys/fs/with\\040space rw - cgroup2 cgroup2 rw,nsdelegate",
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
  ].join("\n");
  t.deepEqual(parseCgroupMounts(mountinfo), [
    { version: 1, controllers: ["cpu", "cpuacct"], mountPoint: "/sys/fs/cgroup/cpu,cpuacct" },
    { version: 1, controllers: ["name=systemd"], mountPoint: "/sys/fs/cgroup/systemd" },
    { version: 2, controllers: [], mountPoint: "/sys/fs/with space" },
  ]);
  t.deepEqual(knownHierarchies("2:name=systemd:/\n1:cpu,cpuacct:/a\n0::/\n"), [
    { version: 1, controllers: ["name=systemd"], mountPoint: "/sys/fs/cgroup/systemd" },
    { version: 1, controllers: ["cpu", "cpuacct"], mountPoint: "/sys/fs/cgroup/cpu,cpuacct" },
    { version: 2, controllers: [], mountPoint: "/sys/fs/cgroup/unified" },
  ]);
  t.deepEqual(knownHierarchies("0::/user.slice\n"), [{ version: 2, controllers: [], mountPoint: "/sys/fs/cgroup" }]);
});

test("roots that overlayfs or sockets would not bear are refused", (t) => {
  for (const root of ["rel", "/a:b", "/a,b", "/a b"])
    t.throws(() => pathsBelow(root, "/run/x"), { message: `invalid root folder: ${root}` });
  t.throws(() => pathsBelow("/data", `/run/${"x".repeat(90)}`), { message: /too long/ });
});
