import { parseCidr, parseIp } from "../../../src/model/address.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { endpoint, network, port } from "./policies.ts";

const v6 = { ipv6: parseIp("fd00:18::2") };
const both = [parseCidr("172.18.0.0/16"), parseCidr("fd00:18::/64")];

const { ipv4: _, ...onlyIpv6 } = endpoint(
  "b",
  [port("::", 8090, 80), port("::1", 8091, 80), port("2001:db8::1", 8092, 80), port("0.0.0.0", 8093, 80)],
  { bridge: "br-db", ...v6 },
);

/** What the golden files show, each in the words of every backend. */
export const CASES: Record<string, Policy[]> = {
  "one-network": [network()],
  internal: [network("web", { internal: true, masquerade4: false })],
  "icc-off": [network("web", { icc: false })],
  published: [
    network(),
    endpoint("a", [port("0.0.0.0", 8080, 80), port("127.0.0.1", 8081, 80), port("192.0.2.1", 8082, 80), port("0.0.0.0", 53, 5353, "udp")]),
  ],
  routed: [network("web", { mode4: "routed", masquerade4: false }), endpoint("a", [port("0.0.0.0", 8080, 80)], { mode4: "routed" })],
  "nat-unprotected": [
    network("web", { mode4: "nat-unprotected" }),
    endpoint("a", [port("0.0.0.0", 8080, 80)], { mode4: "nat-unprotected" }),
  ],
  isolated: [network("web", { internal: true, mode4: "isolated" }), endpoint("a", [port("0.0.0.0", 8080, 80)], { mode4: "isolated" })],
  ipv6: [
    network("web", { subnets: both, mode6: "routed", masquerade6: false }),
    network("db", { subnets: [parseCidr("fd00:19::/64")] }),
    endpoint("a", [port("0.0.0.0", 8080, 80), port("::", 8080, 80)], { ...v6, mode6: "routed" }),
    onlyIpv6,
  ],
};
