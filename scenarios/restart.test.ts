import test from "ava";
import { startNetloomd } from "../test/support/daemon.ts";
import { fetchFrom } from "../test/support/fetch.ts";
import { hostNetns } from "../test/support/netns.ts";
import { page } from "../test/support/page.ts";

for (const how of ["kill9", "stop"] as const) {
  test(`${how} and start again: running containers keep their addresses, ports and names`, async (t) => {
    await using host = await hostNetns();
    await using daemon = await startNetloomd(host);
    await daemon.importAlpine();
    const { type } = page(t, daemon, "none", "");
    await type("docker network create keep");
    await type("docker run -d --name web --network keep -p 8080:80 alpine httpd -f -p 80 -h /www");
    await type("docker run -d --name client --network keep alpine sleep 600");
    await type("docker run -d --name short --network keep alpine sleep 2");
    await type("docker create --name idle --network keep alpine sleep 600");
    const inspect = async () => JSON.parse(await type("docker inspect web"))[0].NetworkSettings;
    const before = await inspect();
    const fetch = () => fetchFrom(host.outside, `http://${host.address.ipv4}:8080/`);
    t.regex(await fetch(), /hello/);

    await daemon[how]();
    t.regex(await fetch(), /hello/, "traffic goes on without the daemon");
    await daemon.restart();

    t.deepEqual(await inspect(), before);
    t.regex(await fetch(), /hello/);
    t.regex(await type("docker exec client timeout 5 wget -q -O - http://web/"), /hello/, "names answer again");
    await type("docker run -d --name late --network keep -p 8080:80 alpine sleep 600", { status: 125 });
    await type("docker rm late");
    await type("docker start idle");
    await type("docker exec idle ping -c 1 -W 2 web");
    t.is((await type("docker wait short")).trim(), "0", "an end that nobody saw is known");
    await type("docker rm -f web client idle short");
    await type("docker network rm keep");
    t.is((await host.must(["ip", "-o", "link", "show", "type", "veth"])).trim().split("\n").length, 1, "only the test's own wire is left");
  });
}

test("a host that lost everything gets it back at the next start", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  const { type } = page(t, daemon, "none", "");
  await type("docker network create keep");
  await type("docker run -d --name web --network keep -p 8080:80 alpine httpd -f -p 80 -h /www");
  await daemon.kill9();
  await host.must(["/usr/sbin/nft", "flush", "ruleset"]);
  await daemon.restart();
  t.regex(await fetchFrom(host.outside, `http://${host.address.ipv4}:8080/`), /hello/);
});
