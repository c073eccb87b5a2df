import test, { type ExecutionContext } from "ava";

/** `skipWith(reason)("title", body)`: a test that is not run, and says why where the runner counts it. Without a reason it is an ordinary one. */
export function skipWith(reason: string | undefined) {
  return (title: string, body: (t: ExecutionContext) => Promise<void> | void): void => {
    if (reason === undefined) test(title, body);
    else test.skip(`${title} [skipped: ${reason}]`, body);
  };
}
