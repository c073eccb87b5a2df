import { type Add, part, plainVerb } from "./command.ts";
import { copy, demultiplex } from "./frames.ts";
import { momentArgument } from "./words.ts";

interface LogFlags {
  follow?: true;
  tail: string;
  timestamps?: true;
  since?: string;
  until?: string;
}

export const addLogs: Add = (parent, perform) => {
  plainVerb(parent, "logs <container>", "Show what a container has printed", [
    ["netloom logs web", "all of it"],
    ["netloom logs -f --since 10m web", "the last ten minutes, and what comes"],
  ])
    .option("-f, --follow", "go on until it ends")
    .option("-n, --tail <lines>", "only this many lines from the end", "all")
    .option("-t, --timestamps", "with the time of each line")
    .option("--since <time>", "only from then on: 10m (ago), or a moment")
    .option("--until <time>", "only until then")
    .action((container: string, flags: LogFlags) =>
      perform({}, async ({ client, io }) => {
        const since = flags.since === undefined ? undefined : momentArgument(flags.since);
        const until = flags.until === undefined ? undefined : momentArgument(flags.until);
        const query = { stdout: true, stderr: true, follow: flags.follow, tail: flags.tail, timestamps: flags.timestamps, since, until };
        const answer = await client.open("GET", `/containers/${part(container)}/logs`, { query });
        const framed = answer.headers["content-type"] === "application/vnd.docker.multiplexed-stream";
        await (framed ? demultiplex(answer, io.stdout, io.stderr) : copy(answer, io.stdout));
      }),
    );
};
