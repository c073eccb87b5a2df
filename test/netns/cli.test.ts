import test from "ava";
import { type Daemon, startNetloomd } from "../support/daemon.ts";
import { hostNetns } from "../support/netns.ts";
import { type Result, ROOT, run } from "../support/process.ts";
import { pty } from "../support/pty.ts";

// The command line as a program of its own, on a real daemon: streams, keys and exit statuses.

const argv = (daemon: Daemon, ...args: string[]) => [process.execPath, `${ROOT}/bin/netloom.js`, "-H", daemon.host, ...args];

function netloom(daemon: Daemon, args: string[], input = ""): Promise<Result> {
  return run(argv(daemon, ...args), { input });
}

test("processes: output, input, exit status, terminal and detach keys", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();

  t.deepEqual(await netloom(daemon, ["run", "--rm", "alpine", "sh", "-c", "echo out; echo err >&2; exit 3"]), {
    status: 3,
    stdout: "out\n",
    stderr: "err\n",
  });
  const lines = "a line\n".repeat(20_000);
  t.is((await netloom(daemon, ["run", "--rm", "-i", "alpine", "cat"], lines)).stdout, lines);
  t.is((await netloom(daemon, ["run", "--rm", "alpine", "nosuch"])).status, 127);
  t.is((await netloom(daemon, ["run", "--rm", "--entrypoint", "/", "alpine"])).status, 126);
  t.like(await netloom(daemon, ["run", "nosuch"]), { status: 125, stdout: "" });

  await using shell = pty(argv(daemon, "run", "-it", "--name", "box", "alpine", "sh"));
  await shell.expect("/ # ");
  shell.type("stty size; tty\r");
  await shell.expect("24 80");
  await shell.expect("/dev/");
  shell.type("\x10\x11");
  t.is(await shell.ended(), 0);

  t.is((await netloom(daemon, ["exec", "box", "sh", "-c", "exit 7"])).status, 7);
  t.is((await netloom(daemon, ["exec", "-i", "box", "wc", "-l"], lines)).stdout.trim(), "20000");
  t.is((await netloom(daemon, ["exec", "box", "nosuch"])).status, 127);
  t.is((await netloom(daemon, ["exec", "nosuch", "true"])).status, 1);
  await using inner = pty(argv(daemon, "exec", "-it", "-e", "GREETING=hello", "box", "sh"));
  await inner.expect("/ # ");
  inner.type("echo $GREETING; exit 4\r");
  await inner.expect("\nhello");
  t.is(await inner.ended(), 4);

  t.deepEqual(await netloom(daemon, ["stop", "-t", "0", "box"]), { status: 0, stdout: "box\n", stderr: "" });
  t.regex((await netloom(daemon, ["ps", "-a"])).stdout, /\tbox$/m);
  t.deepEqual(await netloom(daemon, ["rm", "box", "nosuch"]), {
    status: 1,
    stdout: "box\n",
    stderr: "netloom: No such container: nosuch\n",
  });
});

test("networks: made, joined, shown, left, removed; and what the daemon refuses", async (t) => {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();

  t.is((await netloom(daemon, ["network", "create", "--subnet", "10.9.0.0/16", "--ip-range", "10.9.8.0/24", "lab"])).status, 0);
  t.deepEqual(await netloom(daemon, ["network", "create", "lab"]), {
    status: 1,
    stdout: "",
    stderr: "netloom: network with name lab already exists\n",
  });
  t.is((await netloom(daemon, ["run", "-d", "--name", "one", "alpine", "sleep", "100"])).status, 0);
  t.is((await netloom(daemon, ["network", "connect", "--ip", "10.9.8.77", "--alias", "uno", "lab", "one"])).status, 0);
  t.is((await netloom(daemon, ["run", "--rm", "--network", "lab", "alpine", "ping", "-c", "1", "-W", "2", "uno"])).status, 0);
  const [network] = JSON.parse((await netloom(daemon, ["network", "inspect", "--format", "json", "lab"])).stdout) as [
    { Containers: Record<string, { IPv4Address: string }> },
  ];
  t.deepEqual(
    Object.values(network.Containers).map(({ IPv4Address }) => IPv4Address),
    ["10.9.8.77/16"],
  );
  t.regex((await netloom(daemon, ["ps"])).stdout, /bridge 172\.17\.0\.2, lab 10\.9\.8\.77|lab 10\.9\.8\.77, bridge 172\.17\.0\.2/);
  t.like(await netloom(daemon, ["network", "rm", "lab"]), { status: 1, stdout: "" });
  t.is((await netloom(daemon, ["network", "disconnect", "lab", "one"])).status, 0);
  t.deepEqual(await netloom(daemon, ["network", "rm", "lab"]), { status: 0, stdout: "lab\n", stderr: "" });
  const events = await netloom(daemon, ["events", "--since", "60s", "--until", "0s", "-f", "type=network", "-f", "event=connect"]);
  t.regex(events.stdout, /network connect .*name=lab/);
});
