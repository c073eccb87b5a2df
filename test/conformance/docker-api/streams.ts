import { ANY_JSON, frames, lines, MULTIPLEXED, members } from "./answers.ts";
import { ran, says } from "./shapes.ts";
import { instead, type Said, type Step } from "./story.ts";

const RUNC = "the words of the runtime that is installed";

const EXEC = "ID Running ExitCode ProcessConfig OpenStdin OpenStderr OpenStdout CanRemove ContainerID DetachKeys Pid";

/** An attached run in the order that the client keeps: its streams are there before the process is. */
export function attached(
  name: string,
  exitCode: number,
  content: [number, string][],
  how: { stdin?: boolean; condition?: string } = {},
): Said[] {
  const { condition = "removed", stdin = false } = how;
  const query = name === "new" ? "" : `?name=${name}`;
  return [
    [`POST /containers/create${query}`, 201, { Id: `<${name}>`, Warnings: [] }],
    [`POST /containers/<${name}>/attach?stderr=1&${stdin ? "stdin=1&" : ""}stdout=1&stream=1`, 101, frames(MULTIPLEXED, ...content)],
    [`POST /containers/<${name}>/wait?condition=${condition}`, 200, lines("\n", { StatusCode: exitCode })],
    [`POST /containers/<${name}>/start`, 204],
  ];
}

function execed(given: { type?: string; content: [number, string][]; exitCode: number; inspect?: unknown }): Said[] {
  return [
    ["GET /containers/c1/json", 200, ANY_JSON],
    ["POST /containers/c1/exec", 201, { Id: "<exec>" }],
    ["POST /exec/<exec>/start", 101, frames(given.type ?? MULTIPLEXED, ...given.content)],
    ["GET /exec/<exec>/json", 200, (given.inspect as object) ?? members("", EXEC)],
  ];
}

const NO_SHIM = "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed:";

function notStarted(exitCode: number, recorded: string, ours: string): Said[] {
  const message = (end: string) => `${NO_SHIM} unable to start container process: ${end}`;
  return [
    ["POST /containers/create", 201, { Id: "<new>", Warnings: [] }],
    ["POST /containers/<new>/attach?stderr=1&stdout=1&stream=1", 101, frames(MULTIPLEXED)],
    ["POST /containers/<new>/wait?condition=removed", 200, lines("\n", { StatusCode: exitCode })],
    ["POST /containers/<new>/start", 400, says(instead(message(`error during container init: ${recorded}`), message(ours), RUNC))],
  ];
}

/** run, start and exec with their streams. */
export const STREAMS: Step[] = [
  {
    line: "docker run --rm alpine:latest sh -c 'echo out; sleep 0.05; echo err >&2; exit 3'",
    exit: 3,
    prints: "out\nerr\n",
    wire: attached("new", 3, [
      [1, "out\n"],
      [2, "err\n"],
    ]),
  },
  {
    line: "echo line from stdin | docker run --rm -i alpine:latest cat",
    prints: "line from stdin\n",
    wire: attached("new", 0, [[1, "line from stdin\n"]], { stdin: true }),
  },
  {
    line: "docker run --rm alpine:latest nosuchcmd",
    exit: 127,
    wire: notStarted(127, 'exec: "nosuchcmd": executable file not found in $PATH', 'exec: "nosuchcmd": executable file not found in $PATH'),
  },
  {
    line: "docker run --rm --entrypoint / alpine:latest",
    exit: 126,
    wire: notStarted(126, 'exec: "/": is a directory: permission denied', 'exec: "/": permission denied'),
  },
  {
    line: "docker create --name c4 -i alpine:latest sh -c 'read x; echo got $x; echo two'",
    wire: [["POST /containers/create?name=c4", 201, { Id: "<c4>", Warnings: [] }]],
  },
  {
    line: "echo abc | docker start -a -i c4",
    prints: "got abc\ntwo\n",
    wire: [
      ["GET /containers/c4/json", 200, ANY_JSON],
      ["POST /containers/<c4>/attach?stderr=1&stdin=1&stdout=1&stream=1", 101, frames(MULTIPLEXED, [1, "got abc\ntwo\n"])],
      ["POST /containers/<c4>/wait?condition=next-exit", 200, lines("\n", { StatusCode: 0 })],
      ["POST /containers/<c4>/start", 204],
    ],
  },
  { line: "docker run -d --name c1 alpine:latest sleep 1000", wire: ran("c1") },
  {
    line: "docker exec c1 sh -c 'echo out; sleep 0.05; echo err >&2; exit 7'",
    exit: 7,
    prints: "out\nerr\n",
    wire: execed({
      content: [
        [1, "out\n"],
        [2, "err\n"],
      ],
      exitCode: 7,
      inspect: {
        ID: "<exec>",
        Running: false,
        ExitCode: 7,
        ProcessConfig: { tty: false, entrypoint: "sh", arguments: ["-c", "echo out; sleep 0.05; echo err >&2; exit 7"], privileged: false },
        OpenStdin: false,
        OpenStderr: true,
        OpenStdout: true,
        CanRemove: false,
        ContainerID: "<c1>",
        DetachKeys: "",
        Pid: "<pid>",
      },
    }),
  },
  {
    line: "echo via exec stdin | docker exec -i c1 cat",
    prints: "via exec stdin\n",
    wire: execed({ content: [[1, "via exec stdin\n"]], exitCode: 0 }),
  },
  {
    line: "docker exec c1 nosuchcmd",
    exit: 127,
    wire: execed({
      content: [
        [
          1,
          'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuchcmd": executable file not found in $PATH\r\n',
        ],
      ],
      exitCode: 127,
    }),
  },
  {
    line: "docker exec -d c1 true",
    wire: [
      ["GET /containers/c1/json", 200, ANY_JSON],
      ["POST /containers/c1/exec", 201, { Id: "<exec>" }],
      ["POST /exec/<exec>/start", 200],
    ],
  },
  {
    line: "docker stats --no-stream c1",
    wire: [
      [
        "GET /containers/c1/stats?stream=0",
        200,
        members("", "name id read preread pids_stats blkio_stats num_procs storage_stats cpu_stats precpu_stats memory_stats networks"),
      ],
    ],
  },
];
