import test from "ava";
import { startNetloomd } from "../test/support/daemon.ts";
import { dockerArgv, dockerEnv } from "../test/support/docker.ts";
import { hostNetns } from "../test/support/netns.ts";
import { page } from "../test/support/page.ts";
import { pty } from "../test/support/pty.ts";

test("the bridge tutorial runs as it is written in every Docker course", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  const story = page(t, daemon, "bridge-tutorial", "Two containers on the default bridge");
  story.say(
    "Two containers on the network `bridge`, which is there from the start, reach each other by address. Every line below is the unmodified `docker` client talking to netloomd.",
  );

  await story.type("docker run -dit --name alpine1 alpine ash");
  await story.type("docker run -dit --name alpine2 alpine ash");
  const listed = await story.type("docker container ls");
  t.regex(listed, /alpine1/);
  t.regex(listed, /alpine2/);

  story.say("Who is on it, and with which addresses:");
  const [bridge] = JSON.parse(await story.type("docker network inspect bridge", { hide: true }));
  t.deepEqual(bridge.IPAM.Config, [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }]);
  const members = Object.values(bridge.Containers as Record<string, { Name: string; MacAddress: string; IPv4Address: string }>);
  // The client sorts by id, and ids are random.
  const byName = Object.fromEntries(Object.entries<{ Name: string }>(bridge.Containers).sort(([, a], [, b]) => (a.Name < b.Name ? -1 : 1)));
  story.show(`$ docker network inspect bridge\n${JSON.stringify([{ ...bridge, Containers: byName }], null, 4)}`);
  const facts = members.map(({ Name, MacAddress, IPv4Address }) => [Name, MacAddress, IPv4Address]).sort();
  t.deepEqual(facts, [
    ["alpine1", "02:42:ac:11:00:02", "172.17.0.2/16"],
    ["alpine2", "02:42:ac:11:00:03", "172.17.0.3/16"],
  ]);

  story.say("`docker attach alpine1` puts us on its terminal; ctrl-p ctrl-q leaves it running.");
  await using terminal = pty(dockerArgv(["attach", "alpine1"]), dockerEnv(daemon));
  terminal.type("\r");
  await terminal.expect("/ # ");
  terminal.type("ip addr show eth0\r");
  const shown = await terminal.expect(/inet 172\.17\.0\.2\/16 brd 172\.17\.255\.255 scope global eth0/);
  t.regex(shown, /eth0@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP[^>]*> mtu 1500/);
  await terminal.expect("/ # ");
  terminal.type("ping -c 2 172.17.0.3\r");
  const pinged = await terminal.expect(/2 packets transmitted, 2 packets received, 0% packet loss/);
  t.regex(pinged, /64 bytes from 172\.17\.0\.3/);
  await terminal.expect("/ # ");
  terminal.type("\x10\x11");
  t.is(await terminal.ended(), 1, "so it is with dockerd too");
  t.regex(terminal.output, /read escape sequence/);

  await story.type("docker container stop -t 1 alpine1 alpine2");
  await story.type("docker container rm alpine1 alpine2");
  t.notRegex(await story.type("docker container ls -a"), /alpine1/);
  story.save();
});

test("ping by name does not work on the default bridge: there are addresses only", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  const story = page(t, daemon, "none", "");
  await story.type("docker run -d --name one alpine sleep 600");
  await story.type("docker run --rm alpine ping -c 1 -W 1 one", { status: 1 });
});
