import { type Code, NetError } from "../model/errors.ts";

/** 0 done, 1 the daemon refused or is not there, 2 the command line itself is wrong; `run` and `exec` use docker's 125, 126 and 127. */
export type ExitStatus = number;

/** An error that knows with which status the program ends. */
export class Failure extends NetError {
  readonly exitStatus: ExitStatus;

  constructor(code: Code, message: string, options: { hint?: string; cause?: unknown; exitStatus?: ExitStatus } = {}) {
    super(code, message, options);
    this.exitStatus = options.exitStatus ?? (code === "invalid" ? 2 : 1);
  }
}

/** What was typed cannot be understood: exit status 2. */
export function usage(message: string, hint?: string): Failure {
  return new Failure("invalid", message, { exitStatus: 2, ...(hint === undefined ? {} : { hint }) });
}

/** The daemon said no: exit status 1, whatever its reason. */
export function refused(status: number, message: string, hint: string | undefined): Failure {
  return new Failure(codeOf(status), message, { exitStatus: 1, ...(hint === undefined ? {} : { hint }) });
}

const CODE: Record<number, Code> = {
  400: "invalid",
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  501: "unsupported",
  503: "unavailable",
};

function codeOf(status: number): Code {
  return CODE[status] ?? "internal";
}
