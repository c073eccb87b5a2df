import { NetError } from "../model/errors.ts";
import type { Change, Link, LinkSpec, Netns } from "../model/kernel.ts";
import type { Namespaces, OpenNamespace } from "./namespaces.ts";
import { getLink, parseLink } from "./netlink/link.ts";
import type { Answer, Refusal, Request } from "./netlink/message.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";
import { type Meanings, nameMade, namesIn, namespaceIn, plan, planLink } from "./plan.ts";
import { refused } from "./refusal.ts";

/**
 * Sends changes in order, as one message; only a change that needs the index of a link that an earlier one makes begins another.
 * @throws NetError naming the first that failed, after all were tried
 */
export async function apply(spaces: Namespaces, where: Netns, changes: readonly Change[]): Promise<void> {
  await withNamespaces(spaces, where, changes, async ({ route }, namespaces) => {
    let first: NetError | undefined;
    for (const part of parts(changes)) first = (await applyPart(route, part, namespaces)) ?? first;
    if (first !== undefined) throw first;
  });
}

/** `ip link add` and `ip link show` of what was made; one message, unless the link is born elsewhere. */
export async function addLink(spaces: Namespaces, where: Netns, link: LinkSpec): Promise<Link> {
  const change: Change = { verb: "link add", link };
  const [made] = await withNamespaces(spaces, where, [change], async ({ route }, namespaces) => {
    const request = planLink(link, { namespaces, indices: await lookUp(route, namesIn(change)) });
    const shown = link.kind === "macvlan" ? [] : [getLink(link.name)];
    const [added, ...rest] = await route.ask([request, ...shown]);
    if (added?.refusal !== undefined) throw refusedChange(change, request, added.refusal);
    return rest;
  });
  const answer =
    made ?? (await spaces.with(link.kind === "macvlan" ? link.netns : where, ({ route }) => route.ask([getLink(link.name)])))[0];
  const message = answer?.messages[0];
  if (message === undefined) throw new NetError("notFound", `network interface ${link.name} vanished as soon as it was made`);
  return parseLink(message);
}

/** Name -> index, in one exchange; names without a link are missing. */
async function lookUp(route: NetlinkSocket, names: readonly string[]): Promise<Map<string, number>> {
  const unique = [...new Set(names)];
  const answers = await route.ask(unique.map((name) => getLink(name)));
  const found = new Map<string, number>();
  answers.forEach((answer, i) => {
    const [message] = answer.messages;
    const name = unique[i];
    if (message !== undefined && name !== undefined) found.set(name, parseLink(message).index);
  });
  return found;
}

/** Runs `body` with the namespace that is changed and those in which links are born, all open. */
function withNamespaces<R>(
  spaces: Namespaces,
  where: Netns,
  changes: readonly Change[],
  body: (namespace: OpenNamespace, opened: Meanings["namespaces"]) => Promise<R>,
): Promise<R> {
  const paths = [...new Set(changes.map(namespaceIn).filter((path) => path !== undefined))];
  const opened = new Map<string, number>();
  const step = (namespace: OpenNamespace): Promise<R> => {
    const path = paths.pop();
    if (path === undefined) return body(namespace, opened);
    return spaces.with({ path }, ({ fd }) => {
      opened.set(path, fd);
      return step(namespace);
    });
  };
  return spaces.with(where, step);
}

/** Cut where a change needs the index of a name that is made earlier in its part. */
function parts(changes: readonly Change[]): Change[][] {
  const all: Change[][] = [];
  let part: Change[] = [];
  let made = new Set<string>();
  for (const change of changes) {
    if (namesIn(change).some((name) => made.has(name))) {
      all.push(part);
      part = [];
      made = new Set();
    }
    part.push(change);
    const name = nameMade(change);
    if (name !== undefined) made.add(name);
  }
  return [...all, part];
}

/** Tries all of them and returns the first failure. */
async function applyPart(
  route: NetlinkSocket,
  changes: readonly Change[],
  namespaces: Meanings["namespaces"],
): Promise<NetError | undefined> {
  const indices = await lookUp(route, changes.flatMap(namesIn));
  const planned = changes.map((change) => planOrError(change, { indices, namespaces }));
  const answers = (await route.ask(planned.flatMap((requests) => (requests instanceof NetError ? [] : requests)))).values();
  const failures = changes.map((change, i) => {
    const requests = planned[i] ?? [];
    return requests instanceof NetError ? requests : firstFailure(change, requests, answers);
  });
  return failures.find((failure) => failure !== undefined);
}

function planOrError(change: Change, meanings: Meanings): Request[] | NetError {
  try {
    return plan(change, meanings);
  } catch (error) {
    if (error instanceof NetError) return error;
    throw error;
  }
}

/** Takes the answers to the requests of one change off the row. */
function firstFailure(change: Change, requests: readonly Request[], answers: Iterator<Answer>): NetError | undefined {
  const failures = requests.map((request) => {
    const refusal = answers.next().value?.refusal;
    // What is taken from a link that is gone is gone with it; a route or an address may have been taken away by somebody else.
    const gone = change.verb.endsWith(" del") && ["ENODEV", "ESRCH", "EADDRNOTAVAIL"].includes(refusal?.name ?? "");
    return refusal === undefined || gone ? undefined : refusedChange(change, request, refusal);
  });
  return failures.find((failure) => failure !== undefined);
}

function refusedChange(change: Change, request: Request, refusal: Refusal): NetError {
  const lacking = change.verb === "link add" && ["ENOTSUP", "EOPNOTSUPP"].includes(refusal.name);
  return refused(
    request.what,
    refusal,
    lacking ? `this kernel has no ${change.link.kind} links: load the module ${change.link.kind}` : undefined,
  );
}
