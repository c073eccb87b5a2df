import { ANY_JSON } from "./answers.ts";
import { ran, says } from "./shapes.ts";
import type { Step } from "./story.ts";

export const NEWER = "the words of dockerd 29, which win where both are known";
export const MISTAKE = "dockerd answers 500 out of an untyped error; it is the client's mistake";
export const CONNECTING = "failed to set up container networking";

/** A command that is refused at its first request. */
export const refused = (line: string, request: string, status: number, message: string, exit = 1): Step => ({
  line: `docker ${line}`,
  exit,
  wire: [[request, status, says(message)]],
});

/** Who is there while things are refused. */
export const HOUSE: Step[] = [
  { line: "docker network create n1", wire: [["POST /networks/create", 201, ANY_JSON]] },
  { line: "docker network create --subnet 10.10.0.0/16 --ip-range 10.10.5.0/24 n2", wire: [["POST /networks/create", 201, ANY_JSON]] },
  { line: "docker network create n6", wire: [["POST /networks/create", 201, ANY_JSON]] },
  { line: "docker run -d --name a1 --network n1 alpine:latest sleep 1000", wire: ran("a1") },
  { line: "docker run -d --name a2 --network n2 --ip 10.10.5.77 -v v1:/data alpine:latest sleep 1000", wire: ran("a2") },
  { line: "docker run -d --name a6 --network container:a1 alpine:latest sleep 1000", wire: ran("a6") },
  { line: "docker run -d --name lone --network none alpine:latest sleep 1000", wire: ran("lone") },
  { line: "docker create --name a10 alpine:latest true", wire: [["POST /containers/create?name=a10", 201, ANY_JSON]] },
];
