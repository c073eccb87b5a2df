import { type NetlinkMessage, type NetlinkWriter, readAttributes } from "./attribute.ts";
import { NLM_F_DUMP, type Request } from "./message.ts";

/** [nfnetlink.h] [nfnetlink_conntrack.h] */
const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_GET = 1;
const IPCTNL_MSG_CT_DELETE = 2;
const CTA = { tupleOrig: 1, tupleReply: 2, id: 12, zone: 18 } as const;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO = { number: 1, sourcePort: 2, destinationPort: 3 } as const;
/** struct nfgenmsg: family, version, resource. */
const HEADER_BYTES = 4;
const AF_UNSPEC = 0;

function type(message: number): number {
  return (NFNL_SUBSYS_CTNETLINK << 8) | message;
}

/** One direction of a flow. */
interface Tuple {
  protocol: number;
  sourcePort: number;
  destinationPort: number;
}

export interface Flow {
  family: number;
  original: Tuple;
  reply: Tuple;
  /** As the kernel told them, to name the flow to it again. */
  attributes: Map<number, Buffer>;
}

/** `conntrack --dump`, both families. */
export function getFlows(): Request {
  return {
    type: type(IPCTNL_MSG_CT_GET),
    flags: NLM_F_DUMP,
    what: "conntrack --dump",
    body: (w) => w.header(Uint8Array.of(AF_UNSPEC, 0, 0, 0)),
  };
}

/** `conntrack --delete` of one flow, and not of one that took its place since (the id); ENOENT when it is gone. */
export function delFlow(flow: Flow): Request {
  return {
    type: type(IPCTNL_MSG_CT_DELETE),
    flags: 0,
    what: `conntrack --delete (port ${flow.original.destinationPort})`,
    body(w) {
      w.header(Uint8Array.of(flow.family, 0, 0, 0));
      copyNested(w, CTA.tupleOrig, flow.attributes);
      copy(w, CTA.zone, flow.attributes);
      copy(w, CTA.id, flow.attributes);
    },
  };
}

/** A value that is attributes itself stays as it is. */
function copyNested(w: NetlinkWriter, attribute: number, from: Map<number, Buffer>): void {
  const value = from.get(attribute);
  if (value !== undefined) w.nest(attribute, () => w.header(value));
}

function copy(w: NetlinkWriter, attribute: number, from: Map<number, Buffer>): void {
  const value = from.get(attribute);
  if (value !== undefined) w.bytes(attribute, value);
}

export function parseFlow({ body }: Pick<NetlinkMessage, "body">): Flow {
  const attributes = readAttributes(body.subarray(HEADER_BYTES));
  return {
    family: body.readUInt8(0),
    original: parseTuple(attributes.get(CTA.tupleOrig)),
    reply: parseTuple(attributes.get(CTA.tupleReply)),
    attributes,
  };
}

/** Ports are in network order; a protocol without ports has 0. */
function parseTuple(value: Buffer | undefined): Tuple {
  const none = Buffer.alloc(0);
  const protocol = readAttributes(readAttributes(value ?? none).get(CTA_TUPLE_PROTO) ?? none);
  const port = (attribute: number) => {
    const bytes = protocol.get(attribute);
    return bytes === undefined || bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  };
  return {
    protocol: protocol.get(CTA_PROTO.number)?.[0] ?? 0,
    sourcePort: port(CTA_PROTO.sourcePort),
    destinationPort: port(CTA_PROTO.destinationPort),
  };
}
