import { getSystemErrorMap } from "node:util";
import { isSystemError, type SystemError } from "../../native/index.ts";
import { type Code, NetError } from "../model/errors.ts";
import type { Refusal } from "./netlink/message.ts";

const CODES: Record<string, Code> = {
  EEXIST: "conflict",
  EBUSY: "conflict",
  EADDRINUSE: "conflict",
  ENODEV: "notFound",
  ENOENT: "notFound",
  ESRCH: "notFound",
  EADDRNOTAVAIL: "notFound",
  EPERM: "forbidden",
  EACCES: "forbidden",
  EROFS: "forbidden",
  EINVAL: "invalid",
  ERANGE: "invalid",
  ENETUNREACH: "invalid",
  EHOSTUNREACH: "invalid",
  ENOTSUP: "unsupported",
  EOPNOTSUPP: "unsupported",
  EAFNOSUPPORT: "unsupported",
  EPROTONOSUPPORT: "unsupported",
  ESOCKTNOSUPPORT: "unsupported",
  ENOMEM: "unavailable",
  ENOBUFS: "unavailable",
  ENOSPC: "unavailable",
  EMFILE: "unavailable",
  ENFILE: "unavailable",
};

const HINTS: Record<string, string> = {
  EPERM: "run it as root, or with the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN",
  EROFS: "/proc/sys is mounted read-only here",
  ENOSPC: "a limit of the kernel is reached, for namespaces user.max_net_namespaces",
  EMFILE: "raise the limit of open files",
  ENFILE: "raise the limit of open files",
};

/** What the kernel refused, as an error that says what was asked, why, and what to do. */
export function refused(what: string, refusal: Refusal, hint?: string): NetError {
  return errorOf(what, refusal.name, refusal.text, undefined, hint);
}

/** The same for a failed system call; any other error comes back as it is. */
export function failed(what: string, error: unknown): unknown {
  return isSystemError(error) ? errorOf(what, error.code, words(error), error) : error;
}

/** `file already exists (EEXIST in open)`, as refusals read. */
function words({ errno, code, syscall }: SystemError): string {
  const [, text] = getSystemErrorMap().get(-Math.abs(errno)) ?? [code, "failed"];
  return `${text} (${code} in ${syscall})`;
}

function errorOf(what: string, name: string, text: string, cause: unknown, hint?: string): NetError {
  const known = hint ?? HINTS[name];
  return new NetError(CODES[name] ?? "internal", `${what}: ${text}`, { cause, ...(known === undefined ? {} : { hint: known }) });
}
