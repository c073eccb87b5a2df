import { ANY_JSON, anyOf, HELD_OPEN, logLines, MULTIPLEXED, RAW, text } from "./answers.ts";
import { ran } from "./shapes.ts";
import type { Step } from "./story.ts";
import { attached } from "./streams.ts";

const ticks = (count: number): [number, string][] => Array.from({ length: count }, (_, i) => [1, `tick ${i + 1}\n`]);

const NO_BLOCKS = {
  io_service_bytes_recursive: null,
  io_serviced_recursive: null,
  io_queue_recursive: null,
  io_service_time_recursive: null,
  io_wait_time_recursive: null,
  io_merged_recursive: null,
  io_time_recursive: null,
  sectors_recursive: null,
};
const NO_CPU = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};
const STOPPED_STATS = {
  name: "/tt",
  id: "<tt>",
  read: "0001-01-01T00:00:00Z",
  preread: "0001-01-01T00:00:00Z",
  pids_stats: {},
  blkio_stats: NO_BLOCKS,
  num_procs: 0,
  storage_stats: {},
  cpu_stats: NO_CPU,
  precpu_stats: NO_CPU,
  memory_stats: {},
};

/** Logs, and attaching with what was said before. */
export const LOGS: Step[] = [
  {
    line: "docker run --name c5 alpine:latest sh -c 'echo hello; sleep 0.05; echo bye >&2; exit 4'",
    exit: 4,
    wire: attached(
      "c5",
      4,
      [
        [1, "hello\n"],
        [2, "bye\n"],
      ],
      { condition: "next-exit" },
    ),
  },
  {
    line: "docker logs c5",
    prints: "hello\nbye\n",
    wire: [
      ["GET /containers/c5/json", 200, ANY_JSON],
      ["GET /containers/<c5>/logs?stderr=1&stdout=1&tail=all", 200, logLines(MULTIPLEXED, [1, "hello\n"], [2, "bye\n"])],
    ],
  },
  {
    line: "docker run --name tt alpine:latest sh -c 'for i in 1 2 3 4; do echo tick $i; done'",
    wire: attached("tt", 0, [[1, "tick 1\ntick 2\ntick 3\ntick 4\n"]], { condition: "next-exit" }),
  },
  {
    line: "docker logs -t --details --tail 2 --since 1h tt",
    wire: [
      ["GET /containers/tt/json", 200, ANY_JSON],
      [
        "GET /containers/<tt>/logs?details=1&since=<unix>&stderr=1&stdout=1&tail=2&timestamps=1",
        200,
        logLines(MULTIPLEXED, [1, "<time>  tick 3\n"], [1, "<time>  tick 4\n"]),
      ],
    ],
  },
  {
    line: "docker logs --since 2020-11-24T00:00:00 --until 2020-11-24T00:00:01.5 tt",
    wire: [
      ["GET /containers/tt/json", 200, ANY_JSON],
      ["GET /containers/<tt>/logs?since=<unix>&stderr=1&stdout=1&tail=all&until=<unix>", 200, logLines(MULTIPLEXED)],
    ],
  },
  {
    line: "docker logs -f -n 1 -t tt",
    wire: [
      ["GET /containers/tt/json", 200, ANY_JSON],
      ["GET /containers/<tt>/logs?follow=1&stderr=1&stdout=1&tail=1&timestamps=1", 200, logLines(MULTIPLEXED, [1, "<time> tick 4\n"])],
    ],
  },
  { line: "docker run -d --name c7 alpine:latest sh -c 'echo a; sleep 0.3; echo b'", wire: ran("c7") },
  {
    line: "docker logs -f c7",
    prints: "a\nb\n",
    wire: [
      ["GET /containers/c7/json", 200, ANY_JSON],
      ["GET /containers/<c7>/logs?follow=1&stderr=1&stdout=1&tail=all", 200, logLines(MULTIPLEXED, [1, "a\n"], [1, "b\n"])],
    ],
  },
  { line: "docker run -d -t --name c3 alpine:latest echo in a terminal", wire: ran("c3") },
  { line: "docker wait c3", wire: [["POST /containers/c3/wait", 200, { StatusCode: 0 }]] },
  {
    line: "docker logs c3",
    prints: "in a terminal\r\n",
    wire: [
      ["GET /containers/c3/json", 200, ANY_JSON],
      ["GET /containers/<c3>/logs?stderr=1&stdout=1&tail=all", 200, text(RAW, "in a terminal\r\n")],
    ],
  },
  {
    line: "POST /v1.51/containers/tt/attach?logs=1&stdout=1&stderr=1",
    wire: [["POST /containers/tt/attach?logs=1&stdout=1&stderr=1", 200, logLines(RAW, ...ticks(4))]],
  },
  {
    line: "POST /v1.51/containers/tt/attach?logs=1&stdout=1",
    headers: { Connection: "Upgrade", Upgrade: "tcp" },
    wire: [["POST /containers/tt/attach?logs=1&stdout=1", 101, logLines(MULTIPLEXED, ...ticks(4))]],
  },
  {
    line: "POST /v1.41/containers/tt/attach?logs=1&stdout=1",
    headers: { Connection: "Upgrade", Upgrade: "tcp" },
    wire: [["POST /containers/tt/attach?logs=1&stdout=1", 101, logLines(RAW, ...ticks(4))]],
  },
  { line: "GET /v1.41/containers/tt/logs?stdout=1", wire: [["GET /containers/tt/logs?stdout=1", 200, logLines(RAW, ...ticks(4))]] },
  {
    line: "GET /v1.51/containers/tt/stats?stream=0&one-shot=1",
    wire: [["GET /containers/tt/stats?stream=0&one-shot=1", 200, STOPPED_STATS]],
  },
  { line: "docker run -d --name talks alpine:latest sh -c 'while :; do echo tick; sleep 0.05; done'", wire: ran("talks") },
  {
    line: "docker attach --no-stdin --sig-proxy=false talks | head -n 1",
    prints: "tick\n",
    wire: [
      ["POST /containers/talks/wait", 200, HELD_OPEN],
      ["GET /containers/talks/json", 200, ANY_JSON],
      ["POST /containers/talks/attach?stderr=1&stdout=1&stream=1", 101, anyOf(MULTIPLEXED)],
      ["GET /containers/talks/json", 200, ANY_JSON],
    ],
  },
];
