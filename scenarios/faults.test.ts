import test from "ava";
import { startNetloomd } from "../test/support/daemon.ts";
import { docker, mustDocker } from "../test/support/docker.ts";
import { fetchFrom } from "../test/support/fetch.ts";
import { hostNetns } from "../test/support/netns.ts";
import { words } from "../test/support/page.ts";
import { changes, stateOf } from "../test/support/state.ts";

/** After these many milliseconds of work the daemon is killed: while it creates, while it joins networks, while the process starts, after. */
const MOMENTS_MS = [5, 15, 25, 40, 60, 90, 130, 200, 300];

test("killed at any moment of its work: what ran goes on, and nothing of the rest is left", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  await mustDocker(daemon, words("network create one"));
  await mustDocker(daemon, words("network create two"));
  await mustDocker(daemon, words("run -d --name web --network one -p 8080:80 alpine httpd -f -p 80 -h /www"));
  const before = await stateOf(host, daemon);
  for (const momentMs of MOMENTS_MS) {
    const work = [
      docker(daemon, words("run -d --name late --network one -p 8081:80 alpine sleep 600")),
      docker(daemon, words("network connect two web")),
      docker(daemon, words("network create three")),
    ];
    await new Promise((resolve) => setTimeout(resolve, momentMs));
    await daemon.kill9();
    await Promise.all(work);
    await daemon.restart();
    t.regex(await fetchFrom(host.outside, `http://${host.address.ipv4}:8080/`), /hello/, `killed after ${momentMs} ms`);
    await mustDocker(daemon, words("run --rm --network one alpine wget -qO- http://web/"));
    await docker(daemon, words("rm -f late"));
    await docker(daemon, words("network disconnect two web"));
    await docker(daemon, words("network rm three"));
    t.deepEqual(await changes(host, daemon, before), [], `killed after ${momentMs} ms`);
  }
});
