import type { ExecutionContext } from "ava";
import { dockerArgv } from "../../support/docker.ts";
import { pty } from "../../support/pty.ts";
import { RAW } from "./answers.ts";
import type { Exchange } from "./recorder.ts";
import type { Stage } from "./stage.ts";

const said = (exchanges: readonly Exchange[], mask: Stage["mask"]) =>
  exchanges.map(({ request, status }) => `${mask.text(request)} ${status}`);

/** run -it, its size and exit status; attach with detach keys of one's own; exec -it. */
export async function playTerminals(t: ExecutionContext, { env, mask, recorder }: Stage): Promise<void> {
  {
    await using shell = pty(dockerArgv(["run", "--rm", "-it", "--name", "t1", "alpine:latest", "sh"]), env);
    await shell.expect("/ # ");
    shell.type("stty size\r");
    await shell.expect("24 80");
    shell.type("exit 5\r");
    t.is(await shell.ended(), 5);
  }
  const run = await recorder.take();
  mask.learn(run);
  t.deepEqual(said(run, mask), [
    "POST /containers/create?name=t1 201",
    "POST /containers/<t1>/attach?stderr=1&stdin=1&stdout=1&stream=1 101",
    "POST /containers/<t1>/wait?condition=removed 200",
    "POST /containers/<t1>/start 204",
    "POST /containers/<t1>/resize?h=24&w=80 200",
  ]);
  t.is(run[1]?.headers["Content-Type"], RAW);
  t.is(Buffer.concat(run[2]?.pieces ?? []).toString(), '{"StatusCode":5}\n');

  {
    await using shell = pty(dockerArgv(["run", "-dit", "--name", "t2", "alpine:latest", "sh"]), env);
    t.is(await shell.ended(), 0);
  }
  mask.learn(await recorder.take());
  {
    await using attached = pty(dockerArgv(["attach", "--detach-keys", "ctrl-e,q", "t2"]), env);
    attached.type("echo attac''hed\r");
    await attached.expect("\nattached");
    attached.type("\x05q");
    t.is(await attached.ended(), 1, "the client says so of a detach");
  }
  const attach = await recorder.take();
  t.deepEqual(said(attach, mask).sort(), [
    "GET /containers/t2/json 200",
    "GET /containers/t2/json 200",
    "POST /containers/t2/attach?detachKeys=ctrl-e%2Cq&stderr=1&stdin=1&stdout=1&stream=1 101",
    "POST /containers/t2/resize?h=24&w=80 200",
    "POST /containers/t2/resize?h=25&w=81 200",
    "POST /containers/t2/wait 200",
  ]);

  {
    await using shell = pty(dockerArgv(["exec", "-it", "-e", "V=1", "-w", "/tmp", "-u", "0", "t2", "sh"]), env);
    await shell.expect("/tmp # ");
    shell.type("echo v=$V; stty size; exit 2\r");
    await shell.expect("v=1\r\n24 80");
    t.is(await shell.ended(), 2);
  }
  const exec = await recorder.take();
  mask.learn(exec);
  t.deepEqual(said(exec, mask), [
    "GET /containers/t2/json 200",
    "POST /containers/t2/exec 201",
    "POST /exec/<exec>/start 101",
    "POST /exec/<exec>/resize?h=24&w=80 200",
    "GET /exec/<exec>/json 200",
  ]);
  t.is(exec[2]?.headers["Content-Type"], RAW);
}
