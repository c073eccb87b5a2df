/** A daemon's worth of containers in a process of its own, to be killed: `node keeper.ts <root> <netns path>`. Tells the container's id. */
import { join } from "node:path";
import { openContainers } from "../../../src/container/index.ts";
import { sqliteStore } from "../../../src/store/sqlite.ts";
import { oneImage } from "./house.ts";

const [, , root = "", netns = ""] = process.argv;
const containers = await openContainers({
  dataRoot: join(root, "kept-data"),
  execRoot: join(root, "kept-exec"),
  store: sqliteStore(join(root, "kept.db"), { durable: false }),
  images: oneImage(join(root, "layer")),
});
const { container } = await containers.create({ name: "kept", config: { Image: "busybox", Cmd: ["sleep", "1000"] }, hostConfig: {} });
await containers.start(container.id, {
  netns,
  hosts: join(root, "hosts"),
  resolvConf: join(root, "resolv.conf"),
  hostname: join(root, "hostname"),
});
process.stdout.write(`${container.id}\n`);
