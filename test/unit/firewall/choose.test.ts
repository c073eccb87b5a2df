import test from "ava";
import { chooseFirewall } from "../../../src/firewall/choose.ts";
import type { Run } from "../../../src/firewall/iptables/run.ts";
import type { Features } from "../../../src/model/kernel.ts";

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const installed: Run = async () => ({ status: 0, stdout: "iptables-restore v1.8.9 (nf_tables)\n", stderr: "" });
const missing: Run = () => Promise.reject(Object.assign(new Error("spawn ENOENT"), { code: "ENOENT" }));

function machine(nftables: boolean, run: Run) {
  const kernel = { host: { path: "" }, nft: async () => {}, features: async () => ({ nftables }) as Features };
  return { kernel, run, log };
}

for (const [wanted, nftables, run, expected] of [
  ["auto", true, installed, "nftables"],
  ["auto", true, missing, "nftables"],
  ["auto", false, installed, "iptables"],
  ["nftables", true, installed, "nftables"],
  ["iptables", true, installed, "iptables"],
  ["none", true, installed, "none"],
  ["none", false, missing, "none"],
] as const) {
  const host = `${nftables ? "" : "no "}nftables, ${run === installed ? "" : "no "}iptables`;
  test(`${wanted} on a host with ${host}: ${expected}`, async (t) =>
    t.is((await chooseFirewall(wanted, machine(nftables, run))).name, expected));
}

for (const [wanted, nftables, run, message] of [
  ["auto", false, missing, "this kernel has no nftables (CONFIG_NF_TABLES_INET), and iptables-restore is not installed"],
  ["nftables", false, installed, "this kernel has no nftables (CONFIG_NF_TABLES_INET)"],
  ["iptables", true, missing, "iptables-restore is not installed"],
] as const) {
  test(`${wanted}: ${message}`, (t) => t.throwsAsync(chooseFirewall(wanted, machine(nftables, run)), { code: "unsupported", message }));
}
