import test from "ava";
import { startNetloomd } from "../test/support/daemon.ts";
import { fetchFrom } from "../test/support/fetch.ts";
import { hostNetns } from "../test/support/netns.ts";
import { page } from "../test/support/page.ts";

test("networks of one's own: names, aliases, ports, isolation", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  const story = page(t, daemon, "user-networks", "Networks of your own");
  const typed = story.type;

  story.say("A network that you make gives its containers names, and keeps everybody else out.");
  await typed("docker network create my-net");
  await typed("docker create --name my-nginx --network my-net --publish 8080:80 alpine httpd -f -p 80 -h /www");
  await typed("docker start my-nginx");
  await typed("docker run -d --name client --network my-net --network-alias caller alpine sleep 600");

  story.say("Names and aliases resolve at 127.0.0.11, forward and reverse:");
  t.regex(await typed("docker exec client wget -q -O - http://my-nginx/"), /hello from netloom/);
  await typed("docker exec my-nginx ping -c 1 -W 2 caller");
  t.regex(await typed("docker exec client nslookup 172.18.0.2"), /my-nginx\.my-net/);
  t.regex(await typed("docker exec client cat /etc/resolv.conf", { hide: true }), /nameserver 127\.0\.0\.11/);

  story.say("The published port answers on the host, on 127.0.0.1, from outside, and to the container itself:");
  t.is((await typed("docker port my-nginx")).trim(), "80/tcp -> 0.0.0.0:8080");
  for (const [where, address] of [
    [host, host.address.ipv4],
    [host, "127.0.0.1"],
    [host.outside, host.address.ipv4],
  ] as const) {
    t.regex(await fetchFrom(where, `http://${address}:8080/`), /hello from netloom/);
  }
  t.regex(await typed(`docker exec my-nginx timeout 5 wget -q -O - http://${host.address.ipv4}:8080/`), /hello from netloom/);
  await typed("docker run -d --name second --network my-net -p 8080:80 alpine sleep 600", { status: 125 });
  await typed("docker rm second", { hide: true });

  story.say("A container on another network cannot reach it, until it is connected, live:");
  await typed("docker network create other-net");
  await typed("docker run -d --name stranger --network other-net alpine sleep 600");
  await typed("docker exec stranger timeout 2 wget -q -O - http://172.18.0.2/", { status: 143 });
  await typed("docker exec stranger ping -c 1 -W 2 my-nginx", { status: 1 });
  await typed("docker network connect --alias guest my-net stranger");
  t.regex(await typed("docker exec stranger timeout 5 wget -q -O - http://my-nginx/"), /hello from netloom/);
  await typed("docker exec my-nginx ping -c 1 -W 2 guest");
  await typed("docker network disconnect my-net stranger");
  await typed("docker exec stranger timeout 2 wget -q -O - http://172.18.0.2/", { status: 143 });

  story.say("A network in use is not removed, and says by whom it is used:");
  await typed("docker network rm my-net", { status: 1 });
  await typed("docker rm -f my-nginx client stranger");
  await typed("docker network rm my-net other-net");
  t.deepEqual((await typed("docker network ls --format {{.Name}}")).trim().split("\n").sort(), ["bridge", "host", "none"]);
  story.save();
});

test("--network host listens on the host, --network none has only lo", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  const { type } = page(t, daemon, "none", "");
  await type("docker run --rm -d --network host --name my_nginx alpine httpd -f -p 80 -h /www");
  t.regex(await fetchFrom(host, "http://127.0.0.1:80/"), /hello from netloom/);
  t.regex(await type("docker exec my_nginx ip -o link"), /wire0/);
  await type("docker container stop -t 1 my_nginx");
  t.is((await type("docker run --rm --network none alpine ls /sys/class/net")).trim(), "lo");
  await type("docker run --rm -dit --network none --name no-net-alpine alpine:latest ash");
  t.notRegex(await type("docker exec no-net-alpine ip link show"), /eth0/);
  await type("docker rm -f no-net-alpine");
});

test("several networks a container, addresses that were asked for, internal networks", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  const { type } = page(t, daemon, "none", "");
  await type(
    "docker network create --subnet 10.50.0.0/24 --gateway 10.50.0.254 --ip-range 10.50.0.128/25 --aux-address printer=10.50.0.128 --label a=b -o com.docker.network.driver.mtu=1400 front",
  );
  await type("docker network create --internal back");
  await type("docker run -d --name web --network front --ip 10.50.0.7 alpine sleep 600");
  await type("docker network connect back web");
  await type("docker run -d --name any --network front alpine sleep 600");
  await type("docker run -d --name db --network back alpine sleep 600");
  const eth0 = await type("docker exec web ip addr show eth0");
  t.regex(eth0, /mtu 1400/);
  t.regex(eth0, /inet 10\.50\.0\.7\/24/);
  t.regex(await type("docker exec any ip addr show eth0"), /inet 10\.50\.0\.129\/24/, "the range's first address is the printer's");
  t.regex(await type("docker exec web ip route"), /default via 10\.50\.0\.254/);
  await type("docker exec web ping -c 1 -W 2 db");
  await type("docker exec web ping -c 1 -W 2 any");
  t.notRegex(await type("docker exec db ip route"), /default/);
  await type(`docker exec db ping -c 1 -W 1 ${host.outsideAddress.ipv4}`, { status: 1 });
  await type(`docker exec web ping -c 1 -W 2 ${host.outsideAddress.ipv4}`);
});
