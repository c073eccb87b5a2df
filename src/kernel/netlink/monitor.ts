import { closeFd, type Fd, isSystemError, netlinkOpen, netlinkSubscribe, pollSocket, socketNumbers } from "../../../native/index.ts";
import type { Link } from "../../model/kernel.ts";
import { readMessages } from "./attribute.ts";
import { isUsable, parseLink, RTM_DELLINK } from "./link.ts";
import { RTM_NEWLINK } from "./new-link.ts";

/** [rtnetlink.h] */
const RTNLGRP_LINK = 1;

/** What happens to the links of a namespace. */
export interface LinkListener {
  /** `usable`: packets can be sent on it. */
  changed(link: Link, usable: boolean): void;
  removed(link: Link): void;
  /** Events were lost: what is known must be asked for again. */
  lost(): void;
  /** No more events will come. */
  failed(error: unknown): void;
}

export interface LinkMonitor {
  close(): void;
}

/**
 * `ip monitor link`. Events after this call are not missed, so what was before is to be asked for now.
 * @throws SystemError
 */
export function monitorLinks(nsFd: Fd, listener: LinkListener): LinkMonitor {
  const fd = netlinkOpen(nsFd, socketNumbers.NETLINK_ROUTE);
  try {
    netlinkSubscribe(fd, RTNLGRP_LINK);
    const poll = pollSocket(fd, (datagrams, error) => {
      for (const datagram of datagrams) tell(datagram, listener);
      if (isSystemError(error, "ENOBUFS")) listener.lost();
      else if (error !== null) listener.failed(error);
    });
    return {
      close() {
        poll.close();
        closeFd(fd);
      },
    };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

function tell(datagram: Buffer, listener: LinkListener): void {
  for (const message of readMessages(datagram)) {
    if (message.type === RTM_NEWLINK) listener.changed(parseLink(message), isUsable(message));
    if (message.type === RTM_DELLINK) listener.removed(parseLink(message));
  }
}
