/** netloom's DNS server as a process of its own, to be measured from outside: `dns-serve.ts NAMES` prints its port on 127.0.0.11. */
import { startDns } from "../../src/dns/index.ts";
import { dnsSockets, record, view } from "../unit/dns/house.ts";

const names = Number(process.argv[2]);
const sockets = dnsSockets();
const dns = await startDns();
await dns.set(Array.from({ length: names }, (_, i) => record(`n${i}`, "net", [`n${i}`], `10.0.${i >> 8}.${i & 255}`)));
await dns.serve(view(["net"]), sockets);
console.log(sockets.udpPort);
