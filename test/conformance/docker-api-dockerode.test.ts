import { once } from "node:events";
import { Duplex, PassThrough, type Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import Docker from "dockerode";
import { type Daemon, startNetloomd } from "../support/daemon.ts";
import { hostNetns } from "../support/netns.ts";

// dockerode, which many programs are built on, as its users use it.

/** stdout and stderr of a multiplexed stream, to its end. */
async function output(docker: Docker, stream: NodeJS.ReadableStream): Promise<{ out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  stream.on("end", () => {
    out.end();
    err.end();
  });
  const [outBytes, errBytes] = await Promise.all([buffer(out), buffer(err)]);
  return { out: outBytes.toString(), err: errBytes.toString() };
}

async function withDaemon(t: ExecutionContext, body: (docker: Docker, daemon: Daemon) => Promise<void>): Promise<void> {
  await using host = await hostNetns();
  await using daemon = await startNetloomd(host);
  await daemon.importAlpine();
  await body(new Docker({ socketPath: daemon.socketPath }), daemon);
  t.pass();
}

test("networks, containers on them, streams, execs, logs and events", async (t) => {
  await withDaemon(t, async (docker) => {
    // Its users read an event from each piece of the stream.
    const heard: string[] = [];
    const events = (await docker.getEvents({ filters: { type: ["network", "container"] } })) as Readable;
    events.on("data", (piece: Buffer) => {
      const { Type, Action } = JSON.parse(piece.toString());
      heard.push(`${Type} ${Action}`);
    });

    const network = await docker.createNetwork({ Name: "web", IPAM: { Config: [{ Subnet: "10.77.0.0/24" }] } });
    const server = await docker.createContainer({
      name: "server",
      Image: "alpine",
      Cmd: ["httpd", "-f", "-h", "/www"],
      NetworkingConfig: { EndpointsConfig: { web: { IPAMConfig: { IPv4Address: "10.77.0.7" }, Aliases: ["www"] } } },
      HostConfig: { NetworkMode: "web", PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
    });
    await server.start();
    const { Containers } = (await network.inspect()) as { Containers: Record<string, { Name: string; IPv4Address: string }> };
    t.deepEqual(
      Object.values(Containers).map(({ Name, IPv4Address }) => [Name, IPv4Address]),
      [["server", "10.77.0.7/24"]],
    );
    t.deepEqual((await server.inspect()).NetworkSettings.Ports["80/tcp"], [{ HostIp: "0.0.0.0", HostPort: "8080" }]);

    const client = await docker.createContainer({
      Image: "alpine",
      Cmd: ["sh", "-c", "read path; wget -qO - http://www/$path; echo asked >&2"],
      OpenStdin: true,
      StdinOnce: true,
      HostConfig: { NetworkMode: "web", AutoRemove: true },
    });
    const stream = await client.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
    const said = output(docker, stream);
    const removed = client.wait({ condition: "removed" });
    await client.start();
    stream.end("index.html\n");
    t.deepEqual(await said, { out: "hello from netloom\n", err: "asked\n" });
    t.deepEqual(await removed, { StatusCode: 0 });

    const exec = await server.exec({ Cmd: ["sh", "-c", "cat; exit 3"], AttachStdin: true, AttachStdout: true });
    const session = await exec.start({ hijack: true, stdin: true });
    session.end("through exec");
    t.is((await output(docker, session)).out, "through exec");
    t.is((await exec.inspect()).ExitCode, 3);

    await network.disconnect({ Container: server.id });
    await docker.getNetwork("bridge").connect({ Container: server.id });
    await server.stop({ t: 0 });
    await server.remove();
    await network.remove();
    while (!heard.includes("network destroy")) await once(events, "data");
    events.destroy();
    t.deepEqual(
      heard.filter((event) => event.startsWith("network")),
      [
        ...["network create", "network connect", "network connect", "network disconnect", "network disconnect"],
        ...["network connect", "network disconnect", "network destroy"],
      ],
    );
  });
});

test("run, a terminal, logs, files, images and errors", async (t) => {
  await withDaemon(t, async (docker, daemon) => {
    const terminal = new Duplex({ read() {}, write: (_data, _encoding, done) => done() });
    const [{ StatusCode }, ran] = await docker.run("alpine", ["sh", "-c", "tty; exit 4"], terminal, { Tty: true });
    t.is(StatusCode, 4);
    await (ran as Docker.Container).remove();

    const container = await docker.createContainer({ name: "box", Image: "alpine", Cmd: ["sh", "-c", "cat /tmp/note; echo two >&2"] });
    const tar = await docker.getContainer("box").getArchive({ path: "/www" });
    await container.putArchive(tar as NodeJS.ReadableStream, { path: "/tmp" });
    await container.start();
    t.deepEqual(await container.wait(), { StatusCode: 0 });
    const lines = await container.logs({ stdout: true, stderr: true });
    t.regex(lines.toString(), /two\n$/);
    const followed = await container.logs({ stdout: true, stderr: true, follow: true });
    t.is((await output(docker, followed)).err, "cat: can't open '/tmp/note': No such file or directory\ntwo\n");
    const changed = (await container.changes()) as { Path: string }[];
    t.true(changed.some(({ Path }) => Path === "/tmp/www/index.html"));

    const saved = await docker.getImage("alpine").get();
    const loading = await docker.loadImage(saved);
    const progress = await new Promise<{ stream: string }[]>((resolve, reject) => {
      docker.modem.followProgress(loading, (error, all) => (error ? reject(error) : resolve(all)));
    });
    t.deepEqual(progress, [{ stream: "Loaded image: alpine:latest\n" }]);
    t.is((await docker.listImages()).length, 1);
    t.is((await docker.listContainers({ all: true, filters: { name: ["box"] } }))[0]?.State, "exited");

    await t.throwsAsync(docker.getContainer("nosuch").start(), { message: /No such container: nosuch/ });
    const missing = await docker
      .getNetwork("nosuch")
      .inspect()
      .catch((error: { statusCode: number; json: object }) => error);
    t.like(missing, { statusCode: 404, json: { message: "network nosuch not found" } });
    t.is((await docker.version()).ApiVersion, "1.51");
    t.is((await docker.info()).DockerRootDir, daemon.dataRoot);
    t.is((await docker.ping()).toString(), "OK");
  });
});
