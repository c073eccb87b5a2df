import { ANY_JSON, each, part } from "./answers.ts";
import { BRIDGE, HOST, ipam, listedLeg, liveLeg, NONE, network, ran, says } from "./shapes.ts";
import { instead, type Step } from "./story.ts";

const TRUTHFUL_DANGLING = "dockerd 28.5 looks at a map that its list never fills; who is on a network is on it here";

const N2 = {
  Attachable: true,
  IPAM: {
    Driver: "default",
    Options: { foo: "bar" },
    Config: [
      { Subnet: "10.10.0.0/16", IPRange: "10.10.5.0/24", Gateway: "10.10.5.254", AuxiliaryAddresses: { r1: "10.10.5.1", r2: "10.10.5.2" } },
    ],
  },
  Options: { "com.docker.network.bridge.name": "br-x", "com.docker.network.driver.mtu": "1400" },
  Labels: { k: "v", k2: "" },
};
const N6 = ipam({ Subnet: "10.20.0.0/24" }, { Subnet: "fd00:1::/64", Gateway: "fd00:1::1" });
const N6A = ipam({ Subnet: "172.19.0.0/16", Gateway: "172.19.0.1" }, { Subnet: "<ula>::/64", Gateway: "<ula>::1" });

const made = (name: string): Step["wire"] => [["POST /networks/create", 201, { Id: `<${name}>`, Warning: "" }]];
const on = (name: string, mac: string, ip: string) => ({
  Name: name,
  EndpointID: "<id>",
  MacAddress: mac,
  IPv4Address: `${ip}/16`,
  IPv6Address: "",
});

/** Making, showing and removing networks. */
export const NETWORKS: Step[] = [
  { line: "docker network ls", wire: [["GET /networks", 200, [NONE, HOST, BRIDGE]]] },
  { line: "docker network inspect bridge", wire: [["GET /networks/bridge", 200, BRIDGE]] },
  {
    line: "docker network inspect host none",
    wire: [
      ["GET /networks/host", 200, HOST],
      ["GET /networks/none", 200, NONE],
    ],
  },
  { line: "docker network create n1", prints: "<n1>\n", wire: made("n1") },
  {
    line: "docker network inspect n1",
    wire: [["GET /networks/n1", 200, network("n1", { IPAM: ipam({ Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" }) })]],
  },
  {
    line: "docker network create -d bridge --subnet 10.10.0.0/16 --ip-range 10.10.5.0/24 --gateway 10.10.5.254 --aux-address r1=10.10.5.1 --aux-address r2=10.10.5.2 --label k=v --label k2 -o com.docker.network.bridge.name=br-x -o com.docker.network.driver.mtu=1400 --ipam-opt foo=bar --attachable n2",
    wire: made("n2"),
  },
  { line: "docker network inspect n2", wire: [["GET /networks/n2", 200, network("n2", N2)]] },
  { line: "docker network create --ipv6 --subnet fd00:1::/64 --subnet 10.20.0.0/24 --gateway fd00:1::1 n6", wire: made("n6") },
  { line: "docker network inspect n6", wire: [["GET /networks/n6", 200, network("n6", { EnableIPv6: true, IPAM: N6 })]] },
  { line: "docker network create --ipv6 n6a", wire: made("n6a") },
  { line: "docker network inspect n6a", wire: [["GET /networks/n6a", 200, network("n6a", { EnableIPv6: true, IPAM: N6A })]] },
  { line: "docker network create --internal nint", wire: made("nint") },
  { line: "docker network create --ipv4=false --ipv6 nv4off", wire: made("nv4off") },
  {
    line: "docker network inspect nint nv4off",
    wire: [
      ["GET /networks/nint", 200, network("nint", { IPAM: ipam({ Subnet: "172.20.0.0/16", Gateway: "172.20.0.1" }), Internal: true })],
      [
        "GET /networks/nv4off",
        200,
        network("nv4off", { EnableIPv4: false, EnableIPv6: true, IPAM: ipam({ Subnet: "<ula>:1::/64", Gateway: "<ula>:1::1" }) }),
      ],
    ],
  },
  {
    line: "docker network ls --no-trunc --filter driver=bridge --filter label=k=v --filter name=n2 --filter scope=local --filter type=custom --filter dangling=true",
    wire: [
      [
        'GET /networks?filters={"dangling":{"true":true},"driver":{"bridge":true},"label":{"k=v":true},"name":{"n2":true},"scope":{"local":true},"type":{"custom":true}}',
        200,
        [network("n2", N2)],
      ],
    ],
  },
  {
    line: "docker network ls -q --filter id=$(docker network inspect -f '{{slice .Id 0 12}}' bridge)",
    prints: "<bridge:12>\n",
    wire: [
      ["GET /networks/bridge", 200, ANY_JSON],
      ['GET /networks?filters={"id":{"<bridge:12>":true}}', 200, [BRIDGE]],
    ],
  },
  {
    line: "docker network ls --filter type=builtin",
    wire: [['GET /networks?filters={"type":{"builtin":true}}', 200, [NONE, HOST, BRIDGE]]],
  },
  { line: "GET /networks?filters=%7B%22name%22%3A%5B%22nint%22%5D%7D", wire: [['GET /networks?filters={"name":["nint"]}', 200, ANY_JSON]] },
  {
    line: "docker network rm n6 n6a",
    prints: "n6\nn6a\n",
    wire: [
      ["GET /networks/n6", 200, ANY_JSON],
      ["DELETE /networks/n6", 204],
      ["GET /networks/n6a", 200, ANY_JSON],
      ["DELETE /networks/n6a", 204],
    ],
  },
  {
    line: "docker network rm -f nosuchnet",
    wire: [
      ["GET /networks/nosuchnet", 404, says("network nosuchnet not found")],
      ["DELETE /networks/nosuchnet", 404, says("network nosuchnet not found")],
    ],
  },
  {
    line: "docker network prune -f --filter label!=k --filter until=0s",
    prints: "Deleted Networks:\nn1\nnint\nnv4off\n\n",
    wire: [['POST /networks/prune?filters={"label!":{"k":true},"until":{"0s":true}}', 200, { NetworksDeleted: ["n1", "nint", "nv4off"] }]],
  },
  { line: "docker network prune -f", wire: [["POST /networks/prune", 200, { NetworksDeleted: ["n2"] }]] },
  { line: "docker network prune -f", wire: [["POST /networks/prune", 200, { NetworksDeleted: null }]] },
];

const A3_N2 = {
  IPAMConfig: { IPv4Address: "10.10.5.88" },
  MacAddress: "02:11:22:33:44:55",
  GwPriority: 5,
  Gateway: "10.10.5.254",
};
const A3_N6 = {
  IPAMConfig: { IPv6Address: "fd00:1::55" },
  IPPrefixLen: 24,
  IPv6Gateway: "fd00:1::1",
  GlobalIPv6Address: "fd00:1::55",
  GlobalIPv6PrefixLen: 64,
};

/** Containers on networks, as networks and the list show them; `NetworkSettings` is looked at with inspect. */
export const JOINING: Step[] = [
  { line: "docker network create n1", wire: made("n1") },
  {
    line: "docker network create --subnet 10.10.0.0/16 --ip-range 10.10.5.0/24 --gateway 10.10.5.254 n2",
    wire: made("n2"),
  },
  { line: "docker network create --ipv6 --subnet fd00:1::/64 --subnet 10.20.0.0/24 --gateway fd00:1::1 n6", wire: made("n6") },
  { line: "docker run -d --name a1 --network n1 alpine sleep 1000", wire: ran("a1") },
  {
    line: "docker run -d --name a2 --network n2 --ip 10.10.5.77 --network-alias al1 --network-alias al2 --mac-address 02:42:0a:0a:05:4d alpine sleep 1000",
    wire: ran("a2"),
  },
  {
    line: "docker run -d --name a3 --network name=n2,alias=web,alias=web2,ip=10.10.5.88,mac-address=02:11:22:33:44:55,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,gw-priority=5 --network name=n6,ip6=fd00:1::55 alpine sleep 1000",
    wire: ran("a3"),
  },
  {
    line: "docker network inspect -v n2",
    wire: [
      [
        "GET /networks/n2?verbose=true",
        200,
        network("n2", {
          IPAM: ipam({ Subnet: "10.10.0.0/16", IPRange: "10.10.5.0/24", Gateway: "10.10.5.254" }),
          Containers: { "<a2>": on("a2", "02:42:0a:0a:05:4d", "10.10.5.77"), "<a3>": on("a3", "02:11:22:33:44:55", "10.10.5.88") },
        }),
      ],
    ],
  },
  {
    line: "docker inspect -f '{{json .NetworkSettings.Networks}}' a3",
    wire: [
      [
        "GET /containers/a3/json",
        200,
        part("NetworkSettings.Networks", {
          n2: liveLeg("n2", "10.10.5.88", {
            ...A3_N2,
            Aliases: ["web", "web2"],
            DriverOpts: { "com.docker.network.endpoint.sysctls": "net.ipv4.conf.ifname.log_martians=1" },
            DNSNames: ["a3", "web", "web2", "<a3:12>"],
          }),
          n6: liveLeg("n6", "10.20.0.2", { ...A3_N6, DNSNames: ["a3", "<a3:12>"] }),
        }),
      ],
    ],
  },
  { line: "docker network connect n1 a2", wire: [["POST /networks/n1/connect", 200]] },
  {
    line: "docker network connect --ip 10.10.5.99 --alias foo --alias bar --driver-opt o=1 --gw-priority 3 --link a2:lk n2 a1",
    wire: [["POST /networks/n2/connect", 200]],
  },
  {
    line: "docker inspect a1",
    wire: [
      [
        "GET /containers/a1/json",
        200,
        part("NetworkSettings.Networks", {
          n1: liveLeg("n1", "172.18.0.2", { DNSNames: ["a1", "<a1:12>"] }),
          n2: liveLeg("n2", "10.10.5.99", {
            IPAMConfig: { IPv4Address: "10.10.5.99" },
            Links: ["a2:lk"],
            Aliases: ["foo", "bar"],
            DriverOpts: { o: "1" },
            GwPriority: 3,
            Gateway: "10.10.5.254",
            DNSNames: ["a1", "foo", "bar", "<a1:12>"],
          }),
        }),
      ],
    ],
  },
  {
    line: "docker ps --filter network=n2",
    wire: [
      [
        'GET /containers/json?filters={"network":{"n2":true}}',
        200,
        each(
          ["Names", "NetworkSettings"],
          [["/a3"], { Networks: { n2: listedLeg("n2", "10.10.5.88", A3_N2), n6: listedLeg("n6", "10.20.0.2", A3_N6) } }],
          [
            ["/a2"],
            {
              Networks: {
                n1: listedLeg("n1", "172.18.0.3"),
                n2: listedLeg("n2", "10.10.5.77", {
                  IPAMConfig: { IPv4Address: "10.10.5.77" },
                  MacAddress: "02:42:0a:0a:05:4d",
                  Gateway: "10.10.5.254",
                }),
              },
            },
          ],
          [
            ["/a1"],
            {
              Networks: {
                n1: listedLeg("n1", "172.18.0.2"),
                n2: listedLeg("n2", "10.10.5.99", { IPAMConfig: { IPv4Address: "10.10.5.99" }, GwPriority: 3, Gateway: "10.10.5.254" }),
              },
            },
          ],
        ),
      ],
    ],
  },
  {
    line: "docker network ls -q --filter dangling=true",
    wire: [['GET /networks?filters={"dangling":{"true":true}}', 200, instead(["n1", "n2", "n6"], [], TRUTHFUL_DANGLING)]],
  },
  { line: "docker network disconnect n2 a1", wire: [["POST /networks/n2/disconnect", 200]] },
  { line: "docker network disconnect -f n1 a2", wire: [["POST /networks/n1/disconnect", 200]] },
];
