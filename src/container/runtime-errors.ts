import { NetError } from "../model/errors.ts";

/** What a container or exec that could not be started is said to have exited with, as a shell would say it. */
export const EXIT_NOT_FOUND = 127;
export const EXIT_NOT_EXECUTABLE = 126;
export const EXIT_NOT_STARTED = 128;
/** Of a process whose end nobody saw: the machine went down, or its conmon was killed. */
export const EXIT_UNKNOWN = 255;

/** The exit code that goes with why a start failed. */
export function startExitCode(message: string): number {
  if (/executable file not found|no such file or directory/.test(message)) return EXIT_NOT_FOUND;
  if (/permission denied|is a directory|not a directory|exec format error/.test(message)) return EXIT_NOT_EXECUTABLE;
  return EXIT_NOT_STARTED;
}

/** The words in runc's log lines: `time="..." level=error msg="runc create failed: ..."`. Other text is given back as it is. */
export function runtimeMessage(stderr: string): string {
  const errors = [...stderr.matchAll(/level=(?:error|fatal) msg=("(?:[^"\\]|\\.)*"|\S+)/g)];
  const last = errors.at(-1)?.[1];
  if (last === undefined) return stderr.trim();
  return last.startsWith('"') ? unquote(last) : last;
}

/** Go quotes as JSON does, apart from a few escapes of control characters. */
function unquote(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1).replace(/\\(.)/g, "$1");
  }
}

/** The error of a failed `runc create`, with the words that Docker's clients look for. */
export function createFailure(message: string, cause?: unknown): NetError {
  const words = `failed to create task for container: failed to create shim task: OCI runtime create failed: ${message}`;
  // A command that is not there is the caller's mistake, anything else is ours.
  return new NetError(startExitCode(message) === EXIT_NOT_STARTED ? "internal" : "invalid", words, { cause });
}

/** What an exec's session shows instead of the command's output. */
export function execFailureText(message: string): string {
  return `OCI runtime exec failed: ${message}`;
}
